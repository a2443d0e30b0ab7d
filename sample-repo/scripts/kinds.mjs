// Counts the files of the working directory by their ending.
import { readdirSync } from 'node:fs'
import { extname } from 'node:path'

const counts = new Map()
for (const entry of readdirSync('.', { recursive: true, withFileTypes: true })) {
  if (entry.isFile()) counts.set(extname(entry.name), (counts.get(extname(entry.name)) ?? 0) + 1)
}
for (const [ending, count] of [...counts].sort()) console.log(`${ending.padEnd(6)} ${count}`)
