import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import path from 'node:path'

/** A message of the Language Server Protocol. */
interface Message {
  id?: number | string
  method?: string
  params?: unknown
  result?: unknown
}

/** A place in a text, counted from 0. */
interface TextPosition {
  line: number
  character: number
}

/** What an editor asks of yaml-language-server about one file, as the Language Server Protocol has it. */
export class LanguageServer {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #answers = new Map<number, (result: unknown) => void>()
  readonly #diagnostics = new Map<string, (found: string[]) => void>()
  #buffer = Buffer.alloc(0)
  #next = 1

  private constructor() {
    const entry = path.join(path.dirname(createRequire(import.meta.url).resolve('yaml-language-server/package.json')), 'bin/yaml-language-server')
    this.#process = spawn(process.execPath, [entry, '--stdio'])
    this.#process.stdout.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  /** Starts one for this folder. */
  static async start(root: string): Promise<LanguageServer> {
    const server = new LanguageServer()
    const capabilities = { textDocument: { completion: { completionItem: {} }, hover: {}, publishDiagnostics: {} } }
    await server.#ask('initialize', { processId: process.pid, rootUri: `file://${root}`, capabilities })
    server.#tell('initialized', {})
    return server
  }

  /** Opens a file with this text. Resolves with the messages of what is wrong with it. */
  open(file: string, text: string): Promise<string[]> {
    const uri = `file://${file}`
    const found = new Promise<string[]>((resolve) => this.#diagnostics.set(uri, resolve))
    this.#tell('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: 1, text } })
    return found
  }

  /** What is shown for the word at a place. */
  async hover(file: string, position: TextPosition): Promise<string> {
    const result = (await this.#ask('textDocument/hover', { textDocument: { uri: `file://${file}` }, position })) as {
      contents?: { value?: string }
    } | null
    return result?.contents?.value ?? ''
  }

  /** What is proposed at a place. */
  async complete(file: string, position: TextPosition): Promise<string[]> {
    const result = (await this.#ask('textDocument/completion', { textDocument: { uri: `file://${file}` }, position })) as {
      items: { label: string }[]
    }
    return result.items.map(({ label }) => label)
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill()
    await ended
  }

  #ask(method: string, params: unknown): Promise<unknown> {
    const id = this.#next++
    const answer = new Promise<unknown>((resolve) => this.#answers.set(id, resolve))
    this.#send({ id, method, params })
    return answer
  }

  #tell(method: string, params: unknown): void {
    this.#send({ method, params })
  }

  #send(message: Message): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  #read(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    for (;;) {
      const head = this.#buffer.indexOf('\r\n\r\n')
      const length = Number(/Content-Length: (\d+)/.exec(this.#buffer.subarray(0, Math.max(head, 0)).toString())?.[1])
      if (head < 0 || this.#buffer.length < head + 4 + length) return
      const body = this.#buffer.subarray(head + 4, head + 4 + length).toString()
      this.#buffer = this.#buffer.subarray(head + 4 + length)
      this.#receive(JSON.parse(body) as Message)
    }
  }

  #receive({ id, method, params, result }: Message): void {
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: { message: string }[] }
      this.#diagnostics.get(uri)?.(diagnostics.map(({ message }) => message))
    } else if (method !== undefined && id !== undefined) {
      // It asks for settings, of which there are none but those in the file itself.
      const asked = (params as { items?: unknown[] } | null)?.items ?? []
      this.#send({ id, result: asked.map(() => null) })
    } else if (typeof id === 'number') this.#answers.get(id)?.(result)
  }
}
