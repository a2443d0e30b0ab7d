import { celType, typeOfCel, type ExpressionScope, type ExpressionType } from './expression-type.ts'
import type { Reference } from './references.ts'

/** Names of CEL that are no fields, or may one day be none. */
const RESERVED: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while __proto__'.split(' '),
)

/** Longer ones are left to CEL, which bounds how deep an expression may be. */
const PATH = /^\s*[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){0,8}\s*$/

/** The reference that an expression is which is nothing else, such as `params.site`; null for any other, and for names that CEL may read otherwise. */
export function readPlainPath(text: string): Reference | null {
  if (!PATH.test(text)) return null
  const path: Reference['path'] = []
  let at = text.length - text.trimStart().length
  for (const name of text.trim().split('.')) {
    if (RESERVED.has(name)) return null
    path.push({ name, at })
    at += name.length + 1
  }
  return { path }
}

/** What such a reference comes to, as CEL's checker has it; null where that has something against it, or the variable is none. */
export function typeOfPath({ path }: Reference, { fields }: ExpressionScope): ExpressionType | null {
  let type: ExpressionType = { kind: 'Record', noun: 'variable', fields }
  for (const { name } of path) {
    if (type.kind === 'Record') {
      const field: ExpressionType | undefined = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
      if (!field) return null
      type = field
    } else if (type.kind === 'Map') type = type.of
    else if (type.kind !== 'Any') return null
  }
  const declared = celType(type)
  return typeOfCel(typeof declared === 'string' ? declared : 'map<string, dyn>')
}
