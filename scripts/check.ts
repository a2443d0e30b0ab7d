import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/**
 * Everything that CI asks for; `npm run check`. `--without-tests` leaves the tests out. All steps run, so that one look shows all that is wrong.
 * Work that is not committed yet is fine, except with CI=true: there, whatever changed a file has left something out of the commit.
 */

interface CheckStep {
  name: string
  isGood: () => boolean
}

const STEPS: CheckStep[] = [
  { name: 'types', isGood: () => succeeds('npm run --silent types') },
  { name: 'lint', isGood: () => succeeds('npm run --silent lint') },
  { name: 'dead code', isGood: () => succeeds('knip') },
  { name: 'generated files', isGood: areGeneratedFilesInStep },
  { name: 'format', isGood: () => succeeds('prettier --check --log-level warn .') },
  { name: 'build', isGood: () => succeeds('npm run --silent build') },
  { name: 'tests', isGood: () => succeeds('npm test --silent') },
  { name: 'clean tree', isGood: isTreeClean },
]

function succeeds(command: string): boolean {
  return spawnSync(command, { shell: true, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
}

function git(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', words, { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`git ${words.join(' ')}: ${stderr.trim()}`)
  return stdout
}

/** Generates again and compares with what was there, so that it does not matter what else is being edited. */
function areGeneratedFilesInStep(): boolean {
  const before = digestFiles()
  if (!succeeds('npm run --silent generate')) return false
  const after = digestFiles()
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path))
  for (const path of changed) report(`${path} was out of step with what it is generated from; it has been written again`)
  return changed.length === 0
}

/** Digest by path of every file that is or could be committed. */
function digestFiles(): Map<string, string> {
  const paths = git('ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate').split('\0').filter(Boolean)
  return new Map(paths.map((path) => [path, digestFile(path)]))
}

function digestFile(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch {
    // Deleted and not committed yet, or a link to a folder.
    return ''
  }
}

function isTreeClean(): boolean {
  if (process.env['CI'] !== 'true') return true
  const changes = git('status', '--porcelain')
  if (changes !== '') report(`the tree is not as it was committed:\n${changes.trimEnd()}`)
  return changes === ''
}

function report(line: string): void {
  process.stdout.write(`check: ${line}\n`)
}

const steps = STEPS.filter(({ name }) => name !== 'tests' || !process.argv.includes('--without-tests'))
const failed: string[] = []
for (const { name, isGood } of steps) {
  report(name)
  if (!isGood()) failed.push(name)
}
report(failed.length === 0 ? 'all good' : `failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
