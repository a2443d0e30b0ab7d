import { startGitHttpServer } from './git-http-server.ts'

/** A program that serves the repositories of a folder to whoever reaches this pod: `node git-pod-server.mjs ROOT PORT`. */
const [, , root = '', port = '8080'] = process.argv
const server = await startGitHttpServer({ root, host: '0.0.0.0', port: Number(port) })
process.stdout.write(`${server.url}\n`)
