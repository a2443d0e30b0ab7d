import kubernetesSchema from '../../../schemas/kubernetes.schema.json' with { type: 'json' }
import { nearestName } from '../near-names.ts'
import type { Finding } from '../problem.ts'
import { childOf, itemsOf, textOf, type SourceNode } from '../source/source-node.ts'
import type { ContainerView } from './job-view.ts'
import type { KubernetesRule } from './kubernetes-rule.ts'
import { isExpression, setField, setFields } from './set-fields.ts'

const VOLUME = fieldsOf(kubernetesSchema.$defs.V1Volume).filter((name) => name !== 'name')
const PROJECTION = fieldsOf(kubernetesSchema.$defs.V1VolumeProjection)
const VARIABLE = fieldsOf(kubernetesSchema.$defs.V1EnvVarSource)
const VARIABLES = ['configMapRef', 'secretRef']
const PROBE = ['exec', 'httpGet', 'tcpSocket', 'grpc']
const HOOK = fieldsOf(kubernetesSchema.$defs.V1LifecycleHandler)
const FILE = ['fieldRef', 'resourceFieldRef']
const CLAIM = ['resourceClaimName', 'resourceClaimTemplateName']
const FAILURE = ['onExitCodes', 'onPodConditions']

/** Maps of which one field says what the thing is. */
export const exactlyOne: KubernetesRule = {
  id: 'exactly-one',
  about: ['valueFrom', 'envFrom', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'volumes', 'resourceClaims', 'podFailurePolicy'],
  check: ({ job, pod, containers }) => [
    ...containers.flatMap(checkContainer),
    ...itemsOf(childOf(pod, 'volumes')).flatMap(checkVolume),
    ...itemsOf(childOf(pod, 'resourceClaims')).flatMap((claim) => check(claim, CLAIM, 'a claim')),
    ...itemsOf(childOf(job, 'podFailurePolicy', 'rules')).flatMap((rule) => check(rule, FAILURE, 'a rule of podFailurePolicy')),
  ],
}

function fieldsOf(schema: { properties: object }): string[] {
  return Object.keys(schema.properties)
}

function checkContainer({ node }: ContainerView): Finding[] {
  return [
    ...itemsOf(childOf(node, 'env')).flatMap(checkVariable),
    ...itemsOf(childOf(node, 'envFrom')).flatMap((source) => check(source, VARIABLES, 'an item of "envFrom"')),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) => check(childOf(node, name), PROBE, `"${name}"`)),
    ...['postStart', 'preStop'].flatMap((name) => check(childOf(node, 'lifecycle', name), HOOK, `"${name}"`)),
  ]
}

/** An empty `value` is as good as none. */
function checkVariable(variable: SourceNode): Finding[] {
  const from = setField(variable, 'valueFrom')
  const isDouble = from !== undefined && (textOf(childOf(variable, 'value')) ?? '') !== ''
  const double = isDouble ? [{ at: from.key.start, message: 'a variable has "value" and "valueFrom"; keep one of them' }] : []
  return [...double, ...check(from?.value, VARIABLE, '"valueFrom"')]
}

/** A volume that says nothing is an empty folder. */
function checkVolume(volume: SourceNode): Finding[] {
  const sources = itemsOf(childOf(volume, 'projected', 'sources'))
  const files = [volume, ...sources].flatMap((node) => itemsOf(childOf(node, 'downwardAPI', 'items')))
  return [
    ...checkMost(volume, VOLUME, 'a volume'),
    ...sources.flatMap((source) => checkMost(source, PROJECTION, 'a projected source')),
    ...files.flatMap((file) => check(file, FILE, 'a file of downwardAPI')),
  ]
}

function check(node: SourceNode | undefined, names: readonly string[], what: string): Finding[] {
  if (node?.kind !== 'Map' || isExpression(node)) return []
  if (setFields(node, names).length > 0) return checkMost(node, names, what)
  // One that is misspelt is told as such.
  if ([...node.entries.keys()].some((name) => !names.includes(name) && nearestName(name, names) !== null)) return []
  return [{ at: node.start, message: `${what} needs one of ${names.join(', ')}` }]
}

function checkMost(node: SourceNode, names: readonly string[], what: string): Finding[] {
  const [first, second] = setFields(node, names).sort((one, other) => one.entry.key.start - other.entry.key.start)
  return first && second ? [{ at: second.entry.key.start, message: `${what} has "${first.name}" and "${second.name}"; keep one of them` }] : []
}
