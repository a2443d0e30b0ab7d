import { isBuiltin } from 'node:module'
import { dirname, posix, relative, resolve, sep } from 'node:path'
import { ADAPTER_FOLDERS, BASE_FILES, CHOOSERS, DETERMINISTIC_FOLDERS, HARMLESS_BUILTINS, HARMLESS_PACKAGES, LAYERS, PORT_FILES } from './layers.js'

/**
 * Where a file stands: its layer, and its adapter folder when it lies in one.
 * @typedef {{ path: string, layer: string, adapter: string | null }} Place
 */

/**
 * What the TypeScript parser adds to imports and exports.
 * @typedef {{ importKind: string, exportKind: string, source: { value?: unknown } | null | undefined }} Declaration
 */

/**
 * @param {string} path relative to `src/`, with `/`
 * @returns {Place}
 */
function placeOf(path) {
  const folders = path.split('/')
  const file = folders.pop() ?? ''
  const top = folders[0]
  if (top === undefined) {
    const layer = file === 'main.ts' ? 'main' : BASE_FILES.includes(file) ? 'base' : 'composition'
    return { path, layer, adapter: null }
  }
  const adapter = ADAPTER_FOLDERS.includes(top) && folders.length > 1 ? folders.slice(0, 2).join('/') : null
  return { path, layer: top, adapter }
}

/**
 * Whether the simulator runs it under a virtual clock.
 * @param {Place} from
 */
function isDeterministic(from) {
  return DETERMINISTIC_FOLDERS.some((folder) => from.path.startsWith(`${folder}/`))
}

/**
 * What is wrong with one import between files of `src/`; null when nothing is.
 * @param {Place} from
 * @param {Place} to
 * @param {boolean} isTypeOnly
 */
function judgeOwn(from, to, isTypeOnly) {
  const allowed = LAYERS[from.layer]
  if (allowed === undefined || LAYERS[to.layer] === undefined) {
    const unknown = allowed === undefined ? from.layer : to.layer
    return `src/${unknown} has no place in the house yet: give it one in lint/layers.js.`
  }
  const isBelow = allowed.includes(to.layer) || (isTypeOnly && allowed.includes(`type:${to.layer}`))
  if (from.layer !== to.layer && !isBelow)
    return `'${from.layer}' may not import '${to.layer}'${allowed.includes(`type:${to.layer}`) ? ' but for types' : ''}.`
  const ports = /** @type {Record<string, string[] | undefined>} */ (PORT_FILES)[to.layer]
  if (from.layer !== to.layer && isDeterministic(from) && ports !== undefined && !isTypeOnly && !ports.includes(to.path))
    return `'${from.layer}' may import of '${to.layer}' only ${ports.join(', ')}: let the composition root choose.`
  if (to.adapter === null || from.adapter === to.adapter || CHOOSERS.includes(from.layer)) return null
  if (from.adapter !== null) return `Adapters never import each other: move what '${from.adapter}' and '${to.adapter}' share to 'src/${to.layer}'.`
  return `'${from.path}' may not choose the adapter '${to.adapter}': import the port, and let the composition root choose.`
}

/**
 * What is wrong with importing Node's own modules or a package; null when nothing is.
 * @param {Place} from
 * @param {string} source
 */
function judgeForeign(from, source) {
  if (isBuiltin(source)) {
    const name = source.startsWith('node:') ? source : `node:${source}`
    return isDeterministic(from) && !HARMLESS_BUILTINS.includes(name) ? `'${from.layer}' does no I/O: '${name}' belongs behind a port.` : null
  }
  const name = source.split('/', source.startsWith('@') ? 2 : 1).join('/')
  return isDeterministic(from) && !HARMLESS_PACKAGES.includes(name)
    ? `'${from.layer}' does no I/O: '${name}' is not among the packages that lint/layers.js knows to do no I/O.`
    : null
}

/**
 * Keeps imports within `src/` in the directions of lint/layers.js. Files are resolved, so that it does not matter how an import is spelt.
 * @type {import('eslint').Rule.RuleModule}
 */
export const importDirections = {
  meta: { type: 'problem', schema: [], messages: { wrong: '{{ problem }}' } },
  create(context) {
    const root = resolve(context.cwd, 'src')
    const here = relative(root, context.filename).split(sep).join(posix.sep)
    if (here.startsWith('..')) return {}
    const from = placeOf(here)

    /**
     * @param {import('eslint').Rule.Node} node
     * @param {unknown} source
     * @param {boolean} isTypeOnly
     */
    function check(node, source, isTypeOnly) {
      if (typeof source !== 'string') return
      const problem = source.startsWith('.') ? checkOwn(source, isTypeOnly) : judgeForeign(from, source)
      if (problem !== null) context.report({ node, messageId: 'wrong', data: { problem } })
    }

    /**
     * @param {string} source
     * @param {boolean} isTypeOnly
     */
    function checkOwn(source, isTypeOnly) {
      const target = relative(root, resolve(dirname(context.filename), source))
        .split(sep)
        .join(posix.sep)
      // Out of `src/` there is only the manifest and what is generated into JSON.
      if (target.startsWith('..')) return null
      return judgeOwn(from, placeOf(target), isTypeOnly)
    }

    /** @param {import('eslint').Rule.Node & Partial<Declaration>} node */
    function checkDeclaration(node) {
      check(node, node.source?.value, node.importKind === 'type' || node.exportKind === 'type')
    }

    return {
      ImportDeclaration: checkDeclaration,
      ExportNamedDeclaration: checkDeclaration,
      ExportAllDeclaration: checkDeclaration,
      ImportExpression: (node) => {
        check(node, node.source.type === 'Literal' ? node.source.value : null, false)
      },
      /** @param {import('eslint').Rule.Node & Partial<Declaration>} node */
      TSImportType: (node) => {
        check(node, node.source?.value, true)
      },
    }
  },
}
