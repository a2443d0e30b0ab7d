import { describe, expect, it } from 'vitest'
import { parseRepositoryDocument } from '../../../src/config/repository-document.ts'

function documentWith(...spec: string[]): string {
  const lines = ['url: https://git.example.com/acme/jobs.git', ...spec].map((line) => `  ${line}`)
  return ['apiVersion: fusee.dev/v1alpha1', 'kind: Repository', 'metadata: {name: jobs}', 'spec:', ...lines].join('\n')
}

describe('a Repository document', () => {
  it('gives what it says, in seconds', () => {
    const { spec } = parseRepositoryDocument(documentWith('interval: 1m30s', 'history: {interval: 0s}'), 'repository.yaml')
    expect({ intervalSeconds: spec.intervalSeconds, history: spec.history.intervalSeconds }).toEqual({ intervalSeconds: 90, history: 0 })
  })

  it('names another repository for the history, and what signs it', () => {
    const text = documentWith('history: {url: "git@example.com:history", secretRef: {name: a}, signingKey: {secretRef: {name: b}}}')
    const { history } = parseRepositoryDocument(text, 'repository.yaml').spec
    expect(history).toMatchObject({ url: 'git@example.com:history', secretRef: { name: 'a' }, signingKey: { secretRef: { name: 'b' } } })
  })

  const refused: { title: string; text: string; want: RegExp }[] = [
    { title: 'looks without a pause', text: documentWith('interval: 0s'), want: /^repository\.yaml: spec\.interval is 0: .* write 1s or more$/ },
    { title: 'a duration that is none', text: documentWith('interval: soon'), want: /^repository\.yaml is no Repository: spec\.interval / },
    { title: 'a field that nobody knows', text: documentWith('intervall: 1m'), want: /spec\.intervall is not a known field/ },
    {
      title: 'a field that this version does not act on',
      text: documentWith('verify: {mode: Head}'),
      want: /spec\.verify is not supported by this version yet: remove it/,
    },
    {
      title: 'a pod security level that is none',
      text: documentWith('policy: {podSecurity: Baseline}'),
      want: /spec\.policy\.podSecurity must be one of baseline, restricted, privileged/,
    },
    { title: 'a namespace that is none', text: documentWith('policy: {namespaces: ["*"]}'), want: /spec\.policy\.namespaces\.0 / },
    {
      title: 'rules for pull requests, which nothing starts yet',
      text: documentWith('policy: {pullRequests: {secrets: []}}'),
      want: /spec\.policy\.pullRequests is not supported by this version yet: remove it/,
    },
    { title: 'another kind', text: documentWith().replace('Repository', 'Workflow'), want: /kind .*"Repository"/ },
    { title: 'text that is no YAML', text: 'kind: [', want: /^repository\.yaml:1: / },
  ]
  it.each(refused)('refuses $title', ({ text, want }) => {
    expect(() => parseRepositoryDocument(text, 'repository.yaml')).toThrow(want)
  })
})
