import { execFile } from 'node:child_process'

/** Runs kubectl with a document as its input, and returns what it prints. Rejects with what it complains of. */
export function kubectl(words: readonly string[], input?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('kubectl', words, { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim())
      else reject(new Error(`kubectl ${words.join(' ')}: ${stderr}`))
    })
    child.stdin?.end(input === undefined ? '' : JSON.stringify(input))
  })
}
