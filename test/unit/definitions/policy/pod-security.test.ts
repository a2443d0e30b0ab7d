import { describe, expect, it } from 'vitest'
import { formatPath } from '../../../../src/definitions/policy/place.ts'
import { podAsks } from '../../../../src/definitions/policy/pod-asks.ts'
import { POD_SECURITY_LEVELS, statePolicy, type Policy, type PodSecurityLevel } from '../../../../src/definitions/policy/policy.ts'
import type { Job } from '../../../../src/runs/objects.ts'
import { admitJob } from '../../../../src/runs/admit-job.ts'
import { OFFLINE_POD_SECURITY_CASES, POD_SECURITY_CASES, type PodSecurityCase } from '../../../support/pod-security-cases.ts'

function policyOf(podSecurity: PodSecurityLevel): Policy {
  return { ...statePolicy({ podSecurity }, 'data', { serviceAccounts: [], secrets: [] }), secrets: 'Any' }
}

function jobOf({ pod, annotations }: PodSecurityCase): Job {
  const template = { ...(annotations === undefined ? {} : { metadata: { annotations } }), spec: pod as unknown as Job['spec']['template']['spec'] }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job', namespace: 'data' }, spec: { template } }
}

const CASES = [...POD_SECURITY_CASES, ...OFFLINE_POD_SECURITY_CASES]

describe('pod security', () => {
  it.each(CASES)('$title: $wantLevel', (one) => {
    const found = podAsks(one.pod, one.annotations).filter((ask) => ask.kind === 'PodSecurity')
    expect(found.map((ask) => formatPath(ask.path))).toEqual(one.wantPaths)
    const allowedBy = POD_SECURITY_LEVELS.filter((level) => admitJob(policyOf(level), jobOf(one)).kind === 'Admitted')
    expect(allowedBy).toEqual(POD_SECURITY_LEVELS.slice(POD_SECURITY_LEVELS.indexOf(one.wantLevel)))
  })
})

describe('the level restricted', () => {
  it('fills in what it demands, and leaves what is there', () => {
    const pod = {
      restartPolicy: 'Never',
      securityContext: { fsGroup: 1, runAsUser: 1000, seccompProfile: { type: 'Localhost', localhostProfile: 'some.json' } },
      initContainers: [{ name: 'first', image: 'a', securityContext: { capabilities: { drop: ['CHOWN'], add: ['NET_BIND_SERVICE'] } } }],
      containers: [{ name: 'step', image: 'a' }],
    }
    const admitted = admitJob(policyOf('restricted'), jobOf({ title: '', pod, wantLevel: 'restricted', wantPaths: [] }))
    expect(admitted).toMatchObject({
      kind: 'Admitted',
      job: {
        spec: {
          template: {
            spec: {
              restartPolicy: 'Never',
              securityContext: {
                fsGroup: 1,
                runAsUser: 1000,
                runAsNonRoot: true,
                seccompProfile: { type: 'Localhost', localhostProfile: 'some.json' },
              },
              initContainers: [
                {
                  name: 'first',
                  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['CHOWN', 'ALL'], add: ['NET_BIND_SERVICE'] } },
                },
              ],
              containers: [{ name: 'step', image: 'a', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
            },
          },
        },
      },
    })
  })

  it('demands nothing of Windows that Windows does not have', () => {
    const pod = { os: { name: 'windows' }, containers: [{ name: 'step', image: 'a' }] }
    const admitted = admitJob(policyOf('restricted'), jobOf({ title: '', pod, wantLevel: 'restricted', wantPaths: [] }))
    expect(admitted).toMatchObject({ job: { spec: { template: { spec: { ...pod, securityContext: { runAsNonRoot: true } } } } } })
  })
})
