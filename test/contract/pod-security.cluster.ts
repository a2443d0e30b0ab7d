import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restrictPod } from '../../src/definitions/policy/restrict-pod.ts'
import { POD_SECURITY_CASES } from '../support/pod-security-cases.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'

/* What we say of a pod is what Kubernetes' own admission says of it, at each level, once its demands are filled in. */

const LEVELS = ['baseline', 'restricted'] as const

describe('pod security of a real cluster', () => {
  const api = realApi()
  const namespaces = new Map<string, TestNamespace>()

  beforeAll(async () => {
    for (const level of LEVELS) {
      const labels = { 'pod-security.kubernetes.io/enforce': level, 'pod-security.kubernetes.io/enforce-version': 'latest' }
      namespaces.set(level, await openTestNamespace(api, labels))
    }
  })
  afterAll(async () => {
    for (const namespace of namespaces.values()) await namespace.close()
  })

  it.each(POD_SECURITY_CASES)('$title: $wantLevel', async ({ pod, annotations, wantLevel }) => {
    for (const level of LEVELS) {
      const spec = level === 'restricted' ? restrictPod(pod) : pod
      const path = `/api/v1/namespaces/${namespaces.get(level)?.name ?? ''}/pods?dryRun=All`
      const { status, body } = await api.request('POST', path, { metadata: { name: 'pod', ...(annotations && { annotations }) }, spec })
      const wantAllowed = wantLevel === 'restricted' || wantLevel === level
      const message = (body as { message?: string }).message ?? ''
      // Some are refused as such before anybody asks about security.
      expect(wantAllowed ? [201] : [403, 422], `${level}: ${message}`).toContain(status)
      if (status === 403) expect(message).toContain(`violates PodSecurity "${level}:latest"`)
    }
  })
})
