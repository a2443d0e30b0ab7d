import { readFile } from 'node:fs/promises'

/** A JSON schema, as far as its page tells it. */
interface Described {
  $ref?: string
  description?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  items?: Described
  properties?: Record<string, Described>
  additionalProperties?: boolean | Described
  required?: string[]
  examples?: unknown[]
  $defs?: Record<string, Described>
}

const PAGES = ['workflow', 'schedule', 'step-template', 'repository', 'run', 'record']

/** The reference pages by path: every field with its type, what it means, and an example. */
export async function generateReference(): Promise<Record<string, string>> {
  const schemas = new Map<string, Described>()
  for (const name of PAGES) schemas.set(`${name}.schema.json`, JSON.parse(await readFile(`schemas/${name}.schema.json`, 'utf8')) as Described)
  return Object.fromEntries(PAGES.map((name) => [`docs/reference/${name}.md`, describePage(name, schemas)]))
}

function describePage(name: string, schemas: ReadonlyMap<string, Described>): string {
  const file = `${name}.schema.json`
  const root = schemas.get(file) ?? {}
  const sections = describeFields('', root, file, [])
  return [`# ${name}`, root.description ?? '', `Generated from \`schemas/${file}\`.`, ...sections].join('\n\n') + '\n'

  function describeFields(path: string, schema: Described, home: string, around: readonly Described[]): string[] {
    const { schema: own, home: at } = resolve(schema, home)
    if (!own.properties || around.includes(own)) return []
    const rows = Object.entries(own.properties).map(([field, child]) => describeRow(field, child, at, own.required?.includes(field) ?? false))
    const table = ['| field | type | meaning | example |', '| ----- | ---- | ------- | ------- |', ...rows].join('\n')
    const deeper = Object.entries(own.properties).flatMap(([field, child]) => {
      const below = path === '' ? field : `${path}.${field}`
      const { schema: target, home: place } = resolve(child, at)
      const items = target.items ?? (typeof target.additionalProperties === 'object' ? target.additionalProperties : null)
      return [
        ...describeFields(below, target, place, [...around, own]),
        ...(items ? describeFields(`${below}${target.items ? '[]' : '.*'}`, items, place, [...around, own]) : []),
      ]
    })
    return [`## ${path === '' ? 'The document' : `\`${path}\``}`, table, ...deeper]
  }

  function describeRow(field: string, child: Described, home: string, isRequired: boolean): string {
    const { schema: target } = resolve(child, home)
    const description = child.description ?? target.description ?? ''
    const example = (child.examples ?? target.examples ?? [])[0]
    const shown = example === undefined ? '' : `\`${JSON.stringify(example).replaceAll('|', '\\|')}\``
    return `| \`${field}\`${isRequired ? ' (required)' : ''} | ${typeOf(child, target)} | ${description.replaceAll('|', '\\|').replaceAll('\n', ' ')} | ${shown} |`
  }

  /** What a reference means, and the file that its own references are relative to; a type of Kubernetes stays a name. */
  function resolve(schema: Described, home: string): { schema: Described; home: string } {
    if (schema.$ref === undefined || schema.$ref.startsWith('kubernetes.')) return { schema, home }
    const [file = '', pointer = ''] = schema.$ref.split('#')
    const place = file === '' ? home : file
    const target = pointer
      .split('/')
      .slice(1)
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], schemas.get(place))
    return { schema: target ?? {}, home: place }
  }
}

function typeOf(child: Described, target: Described): string {
  if (child.$ref?.startsWith('kubernetes.') === true) return `${kubernetesName(child.$ref)} of Kubernetes`
  if (child.items?.$ref?.startsWith('kubernetes.') === true) return `list of ${kubernetesName(child.items.$ref)} of Kubernetes`
  if (target.const !== undefined) return `\`${String(target.const)}\``
  if (target.enum) return target.enum.map((value) => `\`${String(value)}\``).join(', ')
  return [target.type ?? 'any'].flat().join(' or ')
}

function kubernetesName(reference: string): string {
  return (
    reference
      .split('/')
      .at(-1)
      ?.replace(/^V1|^Step/, '') ?? ''
  )
}
