import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'

/** What a program that has ended left. */
export interface Ended {
  code: number | null
  stdout: Buffer
  stderr: Buffer
}

/** A program to run. */
interface Order {
  program: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
  input: string | Uint8Array
}

type Answer = { id: number } & ({ code: number | null; stdout: Uint8Array; stderr: Uint8Array } | { error: string })

/** The starter; plain JavaScript, so that it needs no file wherever this one has been bundled into. */
const STARTER = `
const { spawn } = require('node:child_process')
process.on('message', ({ id, program, args, env, input }) => {
  const child = spawn(program, args, { env })
  const stdout = []
  const stderr = []
  const answer = (answer) => process.connected && process.send({ id, ...answer })
  child.stdout.on('data', (chunk) => stdout.push(chunk))
  child.stderr.on('data', (chunk) => stderr.push(chunk))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  child.on('error', (error) => answer({ error: error.message }))
  child.on('close', (code) => answer({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }))
})`

let starter: { child: ChildProcess; waiting: Map<number, (answer: Answer) => void> } | undefined
let orders = 0

/**
 * Runs a program to its end. A process that starts another one is copied first, which takes a process of tests, with all that it has loaded, ten times as
 * long as a small one: so a small one, which ends with this one, starts the thousands of programs that tests need. Rejects when there is no such program.
 */
export async function runApart(order: Order): Promise<Ended> {
  const { child, waiting } = (starter ??= begin())
  const id = orders++
  child.channel?.ref()
  const answer = await new Promise<Answer>((resolve) => {
    waiting.set(id, resolve)
    child.send({ id, ...order }, (error) => {
      if (error !== null) waiting.get(id)?.({ id, error: error.message })
    })
  })
  waiting.delete(id)
  if (waiting.size === 0) child.channel?.unref()
  if ('error' in answer) throw new Error(`${order.program} cannot be started: ${answer.error}`)
  return { code: answer.code, stdout: Buffer.from(answer.stdout), stderr: Buffer.from(answer.stderr) }
}

function begin(): NonNullable<typeof starter> {
  const child = spawn(process.execPath, ['--eval', STARTER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' })
  const waiting = new Map<number, (answer: Answer) => void>()
  child.unref()
  child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer))
  // Told by `exit`, and to whoever sends.
  child.on('error', () => undefined)
  child.on('exit', (code, signal) => {
    if (starter?.child === child) starter = undefined
    for (const [id, answer] of waiting) answer({ id, error: `what starts it has ended (${String(signal ?? code)})` })
  })
  return { child, waiting }
}
