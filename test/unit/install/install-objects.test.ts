import { describe, expect, it } from 'vitest'
import { podAsks } from '../../../src/definitions/policy/pod-asks.ts'
import { restrictPod } from '../../../src/definitions/policy/restrict-pod.ts'
import { installObjects } from '../../../src/install/install-objects.ts'

const objectsOf = (scope: 'Cluster' | 'Namespace') => installObjects({ image: 'registry.example.com/fusee:1', namespace: 'ci', scope })

interface Described {
  description?: string
  properties?: Record<string, Described>
}

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

describe('what is installed', () => {
  const rules = objectsOf('Cluster').flatMap((object) => (object['rules'] ?? []) as Rule[])

  it('has rights without stars, and Secrets by name alone', () => {
    expect(rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]).filter((word) => word.includes('*'))).toEqual(
      [],
    )
    expect(rules.filter(({ resources }) => resources.includes('secrets')).map(({ verbs }) => verbs)).toEqual([['get']])
  })

  it('explains every field that people look at', () => {
    const undescribed = objectsOf('Cluster').flatMap(({ kind, metadata, spec }) => {
      if (kind !== 'CustomResourceDefinition') return []
      const { properties } = (spec as { versions: [{ schema: { openAPIV3Schema: { properties: Record<string, Described> } } }] }).versions[0].schema
        .openAPIV3Schema
      return ['spec', 'status'].flatMap((part) =>
        [[part, properties[part]] as const, ...Object.entries(properties[part]?.properties ?? {})]
          .filter(([, field]) => (field?.description ?? '') === '')
          .map(([name]) => `${metadata.name} ${name}`),
      )
    })
    expect(undescribed).toEqual([])
  })

  it('keeps to the level restricted in all that it says itself', () => {
    const deployment = objectsOf('Cluster').find(({ kind }) => kind === 'Deployment')
    const pod = (deployment?.['spec'] as { template: { spec: Record<string, unknown> } }).template.spec
    expect(podAsks(pod).filter(({ kind }) => kind === 'PodSecurity')).toEqual([])
    expect(restrictPod(pod)).toEqual(pod)
    expect(pod).toMatchObject({ containers: [{ image: 'registry.example.com/fusee:1', securityContext: { readOnlyRootFilesystem: true } }] })
  })

  it('has no rights beyond its namespace where it follows that alone, but to know the cluster', () => {
    const bound = objectsOf('Namespace').filter(({ kind }) => kind === 'ClusterRoleBinding')
    expect(bound.map(({ metadata, ...object }) => [metadata.name, (object['roleRef'] as { name: string }).name])).toEqual([
      ['fusee-identity-ci', 'fusee-identity'],
    ])
    expect(objectsOf('Namespace').filter(({ kind }) => kind === 'Namespace')).toEqual([])
  })

  it('puts all of it into the namespace that was asked for', () => {
    const namespaces = [...objectsOf('Cluster'), ...objectsOf('Namespace')].map(({ metadata }) => metadata.namespace)
    expect([...new Set(namespaces)].filter((one) => one !== undefined)).toEqual(['ci'])
  })
})
