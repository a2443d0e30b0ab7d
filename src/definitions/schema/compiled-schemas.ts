import type { ValidateFunction } from 'ajv/dist/2020.js'
import { createAjv, SCHEMA_IDS, type SchemaKind } from './schemas.ts'

/*
 * Compiling takes a tenth of a second, which a program need not spend at each start: the bundle holds what scripts/compile-schemas.ts has made of
 * the same schemas in place of this file.
 */

let ajv: ReturnType<typeof createAjv> | undefined

/** The validator of a kind of document; the caller reads its `errors` before anybody asks it again. */
export function validatorOf(kind: SchemaKind): ValidateFunction {
  ajv ??= createAjv()
  const validate = ajv.getSchema(SCHEMA_IDS[kind])
  if (!validate) throw new Error(`there is no schema of a ${kind}`)
  return validate
}
