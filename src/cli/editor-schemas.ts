import definition from '../../schemas/definition.schema.json' with { type: 'json' }
import kubernetes from '../../schemas/kubernetes.schema.json' with { type: 'json' }
import schedule from '../../schemas/schedule.schema.json' with { type: 'json' }
import stepTemplate from '../../schemas/step-template.schema.json' with { type: 'json' }
import workflow from '../../schemas/workflow.schema.json' with { type: 'json' }

/** The one that editors are pointed to; the others lie beside it. */
export const ENTRY_SCHEMA = 'definition.schema.json'

const SCHEMAS: Readonly<Record<string, object>> = {
  [ENTRY_SCHEMA]: definition,
  'workflow.schema.json': workflow,
  'schedule.schema.json': schedule,
  'step-template.schema.json': stepTemplate,
  'kubernetes.schema.json': kubernetes,
}

/** What editors do not know of draft 2020-12 is not used, but some refuse its name. */
const DRAFT = 'http://json-schema.org/draft-07/schema#'

/**
 * The schemas of definitions for editors, by file name. They refer to each other by file, so they have no address of their own: editors would go
 * to the network for it.
 */
export function editorSchemas(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => {
      const { $id: _, ...rest } = schema as { $id?: string }
      return [name, `${JSON.stringify({ ...rest, $schema: DRAFT }, withPlainTitles, 2)}\n`]
    }),
  )
}

/** Titles name the types in our code; editors show them. */
function withPlainTitles(key: string, value: unknown): unknown {
  return key === 'title' && typeof value === 'string' ? value.replace(/^(Written|V1)/, '') : value
}
