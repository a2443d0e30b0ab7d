import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { BUNDLE } from '../../scripts/bundle.ts'

/** One line of `fusee serve --output json`. */
export interface LogLine {
  level: string
  msg: string
  [field: string]: unknown
}

/** How a process ended: by itself, or by a signal. */
export interface ProcessEnd {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A `fusee` that runs as it does for users. */
export interface FuseeProcess {
  pid: number
  /** What it has logged so far. */
  lines: readonly LogLine[]
  /** What it has printed so far, as it is. */
  stdout(): string
  stderr(): string
  /** The first line, old or new, for which it holds. Rejects with the log when the process ends before, or after five minutes. */
  waitForLine(what: string, wanted: (line: LogLine) => boolean): Promise<LogLine>
  ended: Promise<ProcessEnd>
  kill(signal: NodeJS.Signals): void
  /** Asks it to end and waits for that. */
  stop(): Promise<ProcessEnd>
}

const LONGEST_WAIT_MS = 300_000

/** Starts the bundle. Lines of standard output that are no JSON are kept in `stdout()` alone. */
export function startFusee(words: readonly string[], env: Readonly<Record<string, string>> = {}): FuseeProcess {
  const child = spawn(process.execPath, [BUNDLE, ...words], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: LogLine[] = []
  const listeners = new Set<() => void>()
  const stdout = collect(child.stdout, (line) => {
    const parsed = parseLine(line)
    if (parsed === null) return
    lines.push(parsed)
    for (const listener of listeners) listener()
  })
  const stderr = collect(child.stderr, () => undefined)
  const ended = endOf(child)
  const describe = (): string => [...lines.map((line) => JSON.stringify(line)), stderr()].slice(-60).join('\n')

  return {
    pid: child.pid ?? -1,
    lines,
    stdout,
    stderr,
    ended,
    kill: (signal) => child.kill(signal),
    stop() {
      child.kill('SIGTERM')
      return ended
    },
    waitForLine(what, wanted) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const line = lines.find(wanted)
          if (line !== undefined)
            finish(() => {
              resolve(line)
            })
        }
        const fail = (why: string): void => {
          finish(() => {
            reject(new Error(`${why} without ${what}:\n${describe()}`))
          })
        }
        const limit = setTimeout(() => {
          fail(`five minutes have passed`)
        }, LONGEST_WAIT_MS)
        const finish = (settle: () => void): void => {
          clearTimeout(limit)
          listeners.delete(look)
          settle()
        }
        listeners.add(look)
        look()
        void ended.then(({ code, signal }) => {
          fail(`fusee ended (${signal ?? code})`)
        })
      })
    },
  }
}

/** Runs `fusee` to its end. */
export async function runFusee(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessEnd & { stdout: string; stderr: string }> {
  const fusee = startFusee(words, env)
  const end = await fusee.ended
  return { ...end, stdout: fusee.stdout(), stderr: fusee.stderr() }
}

/** Waits until it holds; looks again and again, for what no event tells of. Rejects with `describe()` after five minutes. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, describe: () => string = () => ''): Promise<void> {
  const deadline = performance.now() + LONGEST_WAIT_MS
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`five minutes have passed without ${what}\n${describe()}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function collect(stream: NodeJS.ReadableStream, onLine: (line: string) => void): () => string {
  let text = ''
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    text += chunk
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    parts.forEach(onLine)
  })
  return () => text
}

function parseLine(line: string): LogLine | null {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return null
  }
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({ code, signal })
    })
  })
}
