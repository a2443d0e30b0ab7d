import type { Finding } from '../problem.ts'
import { childOf, itemsOf } from '../source/source-node.ts'
import type { JobView } from './job-view.ts'
import { knownText, numberOf, setField } from './set-fields.ts'

/** Names and networks of the node and of the pod itself. */
export function checkNetwork({ pod, containers }: JobView): Finding[] {
  const found: Finding[] = []
  const policy = setField(pod, 'dnsPolicy')
  const servers = childOf(pod, 'dnsConfig', 'nameservers')
  if (policy && knownText(policy.value) === 'None' && itemsOf(servers).length === 0) {
    found.push({ at: policy.value.start, message: 'dnsPolicy None needs at least one of "dnsConfig.nameservers"' })
  }
  const isOnNode = childOf(pod, 'hostNetwork')?.json === true
  for (const { node, isInit } of isOnNode ? containers : []) {
    for (const port of isInit ? [] : itemsOf(childOf(node, 'ports'))) {
      const host = childOf(port, 'hostPort')
      const number = numberOf(host)
      if (!host || number === null || number === 0 || number === numberOf(childOf(port, 'containerPort'))) continue
      found.push({ at: host.start, message: 'with "hostNetwork" the two ports are one: "hostPort" must be "containerPort"' })
    }
  }
  const own = setField(pod, 'hostnameOverride')
  for (const field of ['setHostnameAsFQDN', 'hostNetwork']) {
    if (own && childOf(pod, field)?.json === true) found.push({ at: own.key.start, message: `"hostnameOverride" cannot stand beside "${field}"` })
  }
  return found
}
