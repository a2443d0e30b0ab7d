import type { Finding } from '../problem.ts'
import { childOf, entryOf, itemsOf, type SourceNode } from '../source/source-node.ts'
import type { JobView } from './job-view.ts'
import { isExpression, knownText, setField } from './set-fields.ts'

/** What security contexts, and the namespaces of the node, cannot be at once. */
export function checkSecurity({ pod, containers }: JobView): Finding[] {
  const users = childOf(pod, 'hostUsers')
  const contexts = [childOf(pod, 'securityContext'), ...containers.map(({ node }) => childOf(node, 'securityContext'))]
  return [
    ...contexts.flatMap((context) => [
      ...checkProfile(childOf(context, 'seccompProfile'), 'seccompProfile'),
      ...checkProfile(childOf(context, 'appArmorProfile'), 'appArmorProfile'),
    ]),
    ...contexts.slice(1).flatMap((context) => [...checkEscalation(context), ...checkUnmasked(context, users)]),
    ...(users?.json === false ? checkUsers(pod) : []),
    ...checkProcesses(pod),
  ]
}

function checkProfile(profile: SourceNode | undefined, field: string): Finding[] {
  const type = entryOf(profile, 'type')
  const local = setField(profile, 'localhostProfile')
  const text = knownText(type?.value)
  if (!type || text === null) return []
  if (text === 'Localhost')
    return local ? [] : [{ at: type.value.start, message: `a Localhost "${field}" needs "localhostProfile", its file on the node` }]
  return local ? [{ at: local.key.start, message: `"localhostProfile" is for "type: Localhost" alone; take it out, or change the type` }] : []
}

function checkEscalation(context: SourceNode | undefined): Finding[] {
  const escalation = entryOf(context, 'allowPrivilegeEscalation')
  if (escalation?.value.json !== false) return []
  const isAdmin = itemsOf(childOf(context, 'capabilities', 'add')).some(({ json }) => json === 'CAP_SYS_ADMIN')
  const beside = childOf(context, 'privileged')?.json === true ? '"privileged"' : isAdmin ? 'CAP_SYS_ADMIN' : null
  return beside === null ? [] : [{ at: escalation.key.start, message: `"allowPrivilegeEscalation" cannot be false beside ${beside}` }]
}

function checkUnmasked(context: SourceNode | undefined, users: SourceNode | undefined): Finding[] {
  const mount = childOf(context, 'procMount')
  if (!mount || knownText(mount) !== 'Unmasked' || users?.json === false || isExpression(users)) return []
  return [{ at: mount.start, message: 'Unmasked needs "hostUsers: false" in the pod' }]
}

function checkUsers(pod: SourceNode): Finding[] {
  return ['hostNetwork', 'hostPID', 'hostIPC'].flatMap((field) => {
    const entry = entryOf(pod, field)
    return entry?.value.json === true ? [{ at: entry.key.start, message: `"${field}" cannot stand beside "hostUsers: false"` }] : []
  })
}

function checkProcesses(pod: SourceNode): Finding[] {
  const share = entryOf(pod, 'shareProcessNamespace')
  if (share?.value.json !== true || childOf(pod, 'hostPID')?.json !== true) return []
  return [{ at: share.key.start, message: '"shareProcessNamespace" cannot stand beside "hostPID"; keep one of them' }]
}
