import type { StatusBranch } from '../git/ports.ts'

/** What is kept of one branch: some 25 MB of names. */
const MOST_NAMES = 300_000

/** Names of the records of whole months by what stands for a month's content: those that have passed hardly ever change. The oldest used come first. */
interface KnownMonths {
  months: Map<string, ReadonlySet<string>>
  names: number
  /** What is being read, so that who asks meanwhile waits for the same. */
  reading: Map<string, Promise<ReadonlySet<string>>>
}

const known = new WeakMap<StatusBranch, KnownMonths>()

/**
 * The names of all JSON files of a month's days; `days` lists these. Whoever asks whether a run has a record asks for all months there are, so that they are
 * read once. At the tip last fetched or written.
 */
export async function namesOfMonth(status: StatusBranch, month: string, days: () => Promise<readonly string[]>): Promise<ReadonlySet<string>> {
  const id = await status.folderId(month)
  if (id === null) return new Set()
  const memory = known.get(status) ?? {
    months: new Map<string, ReadonlySet<string>>(),
    names: 0,
    reading: new Map<string, Promise<ReadonlySet<string>>>(),
  }
  known.set(status, memory)
  const before = memory.months.get(id)
  const names = before ?? (await (memory.reading.get(id) ?? startReading(memory, id, status, days)))
  remember(memory, id, names)
  return names
}

async function startReading(
  { reading }: KnownMonths,
  id: string,
  status: StatusBranch,
  days: () => Promise<readonly string[]>,
): Promise<ReadonlySet<string>> {
  const read = async (): Promise<ReadonlySet<string>> =>
    new Set((await Promise.all((await days()).map((day) => status.list(day)))).flat().filter((name) => name.endsWith('.json')))
  const names = read()
  reading.set(id, names)
  try {
    return await names
  } finally {
    reading.delete(id)
  }
}

function remember(memory: KnownMonths, id: string, names: ReadonlySet<string>): void {
  const isKnown = memory.months.delete(id)
  memory.months.set(id, names)
  if (!isKnown) memory.names += names.size
  for (const [oldest, other] of memory.months) {
    if (memory.names <= MOST_NAMES) break
    memory.months.delete(oldest)
    memory.names -= other.size
  }
}
