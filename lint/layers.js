/**
 * The folders of `src/` and what each may import, from the bottom up. A `type:` entry may be imported for its types only.
 * `base` is the files that lie directly in `src/` and stand on nothing; `composition` is the other files there, which know all ports and adapters.
 *
 * @type {Record<string, string[]>}
 */
export const LAYERS = {
  base: [],
  definitions: ['base'],
  triggers: ['base', 'definitions', 'type:runs'],
  runs: ['base', 'definitions', 'triggers'],
  plan: ['base', 'definitions', 'triggers', 'runs'],
  config: ['base', 'definitions', 'triggers', 'runs'],
  install: ['base', 'definitions', 'config'],
  git: ['base', 'definitions'],
  cluster: ['base', 'definitions', 'runs'],
  artifacts: ['base', 'definitions', 'runs'],
  forge: ['base', 'definitions', 'runs'],
  notifications: ['base', 'definitions', 'runs'],
  history: ['base', 'definitions', 'triggers', 'runs', 'git'],
  controller: [
    'base',
    'definitions',
    'triggers',
    'runs',
    'config',
    'git',
    'cluster',
    'artifacts',
    'forge',
    'notifications',
    'history',
    'type:composition',
  ],
  composition: [
    'base',
    'definitions',
    'triggers',
    'runs',
    'config',
    'git',
    'cluster',
    'artifacts',
    'forge',
    'notifications',
    'history',
    'controller',
  ],
}

const BELOW_THE_TOP = Object.keys(LAYERS)
LAYERS['simulation'] = BELOW_THE_TOP
LAYERS['server'] = BELOW_THE_TOP
LAYERS['cli'] = [...BELOW_THE_TOP, 'simulation', 'server']
LAYERS['main'] = ['base', 'cli']

/** Files directly in `src/` that stand on nothing. */
export const BASE_FILES = ['clock.ts', 'crash-points.ts', 'same-json.ts', 'version.ts']

/** Folders whose sub-folders are adapters of one port: they never import each other, and only those who put the program together choose one. */
export const ADAPTER_FOLDERS = ['cluster', 'git', 'artifacts', 'forge']

/** Who may choose adapters. */
export const CHOOSERS = ['composition', 'simulation', 'cli']

/** Layers that give the same for the same input: they import nothing that does I/O. */
const PURE_LAYERS = ['definitions', 'triggers', 'runs', 'plan']

/** Layers that the simulator runs under a virtual clock: time, chance and I/O reach them through ports only. */
export const DETERMINISTIC_FOLDERS = [...PURE_LAYERS, 'history', 'controller', 'cluster/simulated']

/** Of these layers, those that the simulator runs see nothing but the ports and what is pure. */
export const PORT_FILES = { git: ['git/ports.ts', 'git/build-commit.ts'] }

/** Parts of Node that neither do I/O nor depend on the machine. */
export const HARMLESS_BUILTINS = ['node:assert', 'node:buffer', 'node:crypto', 'node:events', 'node:path/posix', 'node:util']

/** Packages that neither do I/O nor depend on the machine. */
export const HARMLESS_PACKAGES = ['@marcbachmann/cel-js', 'ajv', 'js-yaml', 're2js', 'yaml']
