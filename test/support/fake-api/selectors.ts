import type { StoredObject } from './resources.ts'

/** What a list or watch selects. */
export interface Selection {
  namespace: string | null
  labelSelector: string
  fieldSelector: string
}

/** Whether the object is among those. */
export function isSelected(object: StoredObject, { namespace, labelSelector, fieldSelector }: Selection): boolean {
  const { metadata } = object
  if (namespace !== null && metadata.namespace !== namespace) return false
  const labels = metadata.labels ?? {}
  const fields: Record<string, string | undefined> = { 'metadata.name': metadata.name, 'metadata.namespace': metadata.namespace }
  return requirements(labelSelector).every((one) => holds(one, labels)) && requirements(fieldSelector).every((one) => holds(one, fields))
}

/** Split at commas that stand outside of brackets. */
function requirements(selector: string): string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function holds(requirement: string, values: Readonly<Record<string, string | undefined>>): boolean {
  const set = /^(\S+)\s+(in|notin)\s+\((.*)\)$/.exec(requirement)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const isIn = list
      .split(',')
      .map((one) => one.trim())
      .includes(values[key] ?? '')
    return operator === 'in' ? values[key] !== undefined && isIn : !isIn
  }
  const [, key = '', operator, value = ''] = /^([^=!]+)(==|!=|=)(.*)$/.exec(requirement) ?? []
  if (operator === '!=') return values[key] !== value
  if (operator !== undefined) return values[key] === value
  return requirement.startsWith('!') ? values[requirement.slice(1)] === undefined : values[requirement] !== undefined
}
