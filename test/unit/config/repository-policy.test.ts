import { expect, it } from 'vitest'
import { parseRepositoryDocument } from '../../../src/config/repository-document.ts'
import { policyOf } from '../../../src/config/repository-policy.ts'

it('every Secret that a Repository names is Fusee’s own, which no policy can give to steps', () => {
  const text = `apiVersion: fusee.dev/v1alpha1
kind: Repository
metadata: {name: jobs}
spec:
  url: https://git.example.com/acme/jobs.git
  secretRef: {name: git}
  webhookSecretRef: {name: hook}
  history: {url: https://git.example.com/acme/history.git, secretRef: {name: history}, signingKey: {secretRef: {name: key}}}
`
  expect(policyOf(parseRepositoryDocument(text, 'repository.yaml')).own.secrets).toEqual(['git', 'hook', 'history', 'key'])
})
