import type { LoggedJobs } from '../cluster/ports.ts'
import type { ControllerEvent, Report } from '../controller/events.ts'
import { stepJob, stepKey } from '../runs/step-key.ts'
import type { Paint } from './paint.ts'
import { formatEvent } from './print-event.ts'

/** Prints what happens to one run together with what its steps print. */
export interface LiveLog {
  report: Report
  /** Resolves when everything heard so far is printed. */
  settled(): Promise<void>
  /** Follows nothing any more. */
  close(): void
}

/** A live log over the Jobs of one namespace. `write` takes one line. */
export function createLiveLog(
  jobs: () => Pick<LoggedJobs, 'observeJobs' | 'followLog'>,
  namespace: string,
  write: (line: string) => void,
  paint: Paint,
): LiveLog {
  const followed = new Map<string, Promise<void>>()
  const end = new AbortController()
  let last: Promise<unknown> = Promise.resolve()

  function print(event: ControllerEvent): void {
    const text = formatEvent(event, paint)
    if (text !== null) write(text)
  }

  async function follow(run: string, step: string, job: string): Promise<void> {
    const found = (await jobs().observeJobs({ namespace, name: run })).find((one) => one.job.metadata.name === job)
    if (found === undefined) return
    const lines = createLineSplitter((line) => {
      write(`    ${paint.dim(`${step} |`)} ${line}`)
    })
    await jobs().followLog(found.job, lines.push, end.signal)
    lines.end()
  }

  return {
    report(event) {
      // What a step printed comes before its end, and that before whatever follows from it.
      const before = event.kind === 'StepEnded' ? followed.get(stepKey(event.step)) : undefined
      const told = Promise.all([last, before]).then(() => {
        print(event)
      })
      last = told
      if (event.kind !== 'StepStarted') return
      const { run, step } = event
      const job = stepJob(run, step)
      // What it prints comes after the word that it has started.
      if (job !== null)
        followed.set(
          stepKey(step),
          told.then(() => follow(run, stepKey(step), job)),
        )
    },
    async settled() {
      await last
    },
    close: () => end.abort(),
  }
}

/** Cuts pieces of text into lines; control characters but tabs do not reach the terminal. */
function createLineSplitter(hear: (line: string) => void): { push: (text: string) => void; end: () => void } {
  let rest = ''

  const tell = (line: string): void => hear(line.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ''))
  return {
    push(text) {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(tell)
    },
    end() {
      if (rest !== '') tell(rest)
      rest = ''
    },
  }
}
