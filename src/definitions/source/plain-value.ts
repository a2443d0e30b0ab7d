import { isScalar, Schema, type ScalarTag } from 'yaml'

/** The tags of YAML's core schema that a plain text may turn out to be of. */
const TAGS = new Schema({ schema: 'core' }).tags.filter((tag): tag is ScalarTag & { test: RegExp } => 'test' in tag && tag.default === true)

/** First characters of everything that is no text. */
const MAY_BE_OTHER = /^(?:[-+.0-9~]|[nN]ull$|NULL$|[tT]rue$|TRUE$|[fF]alse$|FALSE$)/

/** `0644` is octal, as wherever Kubernetes reads YAML: file modes are written so. */
const OCTAL = /^0[0-7]+$/

/** What a text without quotes stands for, as the careful reading has it. May be a number without JSON form. */
export function plainValue(text: string): string | number | boolean | null {
  if (text === '') return null
  if (!MAY_BE_OTHER.test(text)) return text
  if (OCTAL.test(text)) return parseInt(text, 8)
  const tag = TAGS.find(({ test }) => test.test(text))
  const resolved: unknown = tag ? tag.resolve(text, () => undefined, {}) : text
  const value: unknown = isScalar(resolved) ? resolved.value : resolved
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : text
}
