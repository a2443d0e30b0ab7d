import { isMainThread } from 'node:worker_threads'
import { createProcessShell } from './cli/process-shell.ts'
import { runProgram } from './cli/program.ts'

// Threads start from this file, too, since it may be the only one: each knows its work.
if (isMainThread) process.exitCode = await runProgram(process.argv.slice(2), createProcessShell())
