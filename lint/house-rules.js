import { importDirections } from './import-directions.js'
import { DETERMINISTIC_FOLDERS } from './layers.js'

const SYNTAX = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of strings.' },
  { selector: 'ExportDefaultDeclaration', message: 'Use a named export.' },
  { selector: 'ExportSpecifier[exported.name="default"]', message: 'Use a named export.' },
]

const NEITHER_CLOCK_NOR_CHANCE = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'Take the time from the clock that is passed in.' },
  { selector: 'CallExpression[callee.name="Date"]', message: 'Take the time from the clock that is passed in.' },
]

const NO_EXIT = { object: 'process', property: 'exit', message: 'End by returning: an exit cuts off what is still being written.' }
const NO_EXIT_CODE = { object: 'process', property: 'exitCode', message: 'Only src/main.ts sets it: set the exit code of the shell, or throw.' }

const NONDETERMINISTIC_GLOBALS = [
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'fetch',
  'global',
  'globalThis',
  'performance',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
].map((name) => ({ name, message: 'Time, chance and I/O come through ports here.' }))

/** What node:crypto has that always gives the same. */
const HASHING = ['createHash', 'createHmac', 'hash', 'timingSafeEqual', 'verify']

/**
 * The rules of this project that no preset has. They need no types, so that they are quick to try on a snippet.
 * @type {import("eslint").Linter.Config[]}
 */
export const houseRules = [
  {
    rules: { 'no-restricted-syntax': ['error', ...SYNTAX], 'no-restricted-properties': ['error', NO_EXIT] },
  },
  {
    files: ['*.js', '*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { fusee: { rules: { 'import-directions': importDirections } } },
    rules: {
      'fusee/import-directions': 'error',
      'no-restricted-imports': ['error', { paths: [{ name: 'node:process', message: 'Use the global, which the other rules know.' }] }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/main.ts'],
    rules: { 'no-restricted-properties': ['error', NO_EXIT, NO_EXIT_CODE] },
  },
  {
    files: DETERMINISTIC_FOLDERS.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      'no-restricted-syntax': ['error', ...SYNTAX, ...NEITHER_CLOCK_NOR_CHANCE],
      'no-restricted-properties': [
        'error',
        NO_EXIT,
        NO_EXIT_CODE,
        { object: 'Date', property: 'now', message: 'Take the time from the clock that is passed in.' },
        { object: 'Math', property: 'random', message: 'Take chance from the port that is passed in.' },
      ],
      'no-restricted-globals': ['error', ...NONDETERMINISTIC_GLOBALS],
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:crypto', allowImportNames: HASHING, message: 'Only what always gives the same.' }] },
      ],
    },
  },
]
