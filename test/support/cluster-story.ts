import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { WatchReader } from './api-client.ts'
import type { FuseeProcess } from './fusee-process.ts'
import { startFusee, until } from './fusee-process.ts'
import { importCommits, runGit } from './git-program.ts'
import { serveRepository } from './git-served.ts'
import { kubectl } from './kubectl.ts'
import { openTestNamespace, realApi } from './real-cluster.ts'
import { removeFolder } from './remove-folder.ts'

/* A run that fails, is ended early and tidied up, for each commit of a repository that a controller outside of the cluster follows. */

const WORKFLOW = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: story}
spec:
  triggers: {push: {commits: Each}}
  failFast: true
  retention: {succeeded: 1, failed: 1}
  defaults: {image: "busybox:1.36", pod: {terminationGracePeriodSeconds: 0}}
  steps:
    - {name: first, script: "true"}
    - {name: breaks, dependsOn: [first], script: sleep 1; exit 3}
    - {name: endless, dependsOn: [first], script: sleep 600}
  finally:
    - {name: tidy, script: "true"}
`

interface Recorded {
  run: string
  commit: string
  result: string
  steps: { name: string; result: string; attempts: unknown[] }[]
}

/** Commits, controllers that are killed, and what is seen of it all in the end. */
export interface ClusterStory {
  namespace: string
  /** Controllers that have not ended. */
  running: ReadonlySet<FuseeProcess>
  serve(env?: Readonly<Record<string, string>>): FuseeProcess
  /** The lease of one that was killed would be waited for. */
  forgetLeader(): Promise<unknown>
  push(): Promise<void>
  /** Labels its Runs otherwise than before, which their Jobs follow while they are active. */
  relabel(): Promise<unknown>
  /** Whether each commit has its record. */
  isRecorded(): Promise<boolean>
  /** Until each commit has its record and nothing is held any more, but for Runs that retention keeps. */
  settle(fusee: FuseeProcess): Promise<void>
  /** Hears of every Job and Pod from now on; to be asked for again when the server was away. */
  listen(): void
  /** What is there twice, or not at all, or has ended in another way than it should. */
  findViolations(): Promise<string[]>
  close(): Promise<void>
}

/** Makes a namespace with a Repository in it; no controller runs yet. */
export async function openClusterStory(): Promise<ClusterStory> {
  const api = realApi()
  const space = await openTestNamespace(api)
  const namespace = space.name
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-story-'))
  const git = await serveRepository()
  const seen: WatchReader[] = []
  const commits: string[] = []
  let labels = 0
  const running = new Set<FuseeProcess>()
  await importCommits(git.repository, [{ 'workflows/story.yaml': WORKFLOW }])
  await kubectl(['create', '-n', namespace, '-f', '-'], {
    apiVersion: 'fusee.dev/v1alpha1',
    kind: 'Repository',
    metadata: { name: 'jobs' },
    spec: { url: git.url, interval: '1s', history: { interval: '0s', review: { into: 'main' } } },
  })

  async function records(): Promise<Recorded[]> {
    const paths = (await runGit(git.repository, ['ls-tree', '-r', '--name-only', 'fusee/status']).catch(() => '')).split('\n')
    const texts = paths.filter((one) => /\/story-[^/]+\.json$/.test(one)).map((one) => runGit(git.repository, ['show', `fusee/status:${one}`]))
    return (await Promise.all(texts)).map((text) => JSON.parse(text) as Recorded)
  }
  const isRecorded = async (): Promise<boolean> => (await records()).length >= commits.length
  const heldJobs = () => kubectl(['get', 'jobs', '-n', namespace, '-o', 'jsonpath={.items[*].metadata.finalizers}'])
  const listen = (): void => {
    for (const collection of ['/apis/batch/v1', '/api/v1']) {
      const plural = collection === '/api/v1' ? 'pods' : 'jobs'
      seen.push(api.watch(`${collection}/namespaces/${namespace}/${plural}?watch=true`))
    }
  }
  listen()

  return {
    namespace,
    running,
    listen,
    isRecorded,
    serve(env = {}) {
      const words = ['serve', '--runner=kubernetes', `--namespace=${namespace}`, '--output=json', '--listen=127.0.0.1:0', `--data=${folder}`]
      const fusee = startFusee(words, { POD_NAMESPACE: namespace, ...env })
      running.add(fusee)
      void fusee.ended.then(() => running.delete(fusee))
      return fusee
    },
    forgetLeader: () => kubectl(['delete', 'lease', '--all', '--ignore-not-found', '-n', namespace]),
    async push() {
      commits.push(await importCommits(git.repository, [{ 'notes.txt': `${commits.length}\n` }], { message: 'Change the notes' }))
    },
    relabel: () => kubectl(['label', 'frun', '--all', '--overwrite', `seen=${(labels += 1)}`, '-n', namespace]),
    async settle(fusee) {
      const lastLines = () => fusee.lines.slice(-20).map((line) => JSON.stringify(line))
      await until(
        `${commits.length} records`,
        async () => (await isRecorded()) && (await heldJobs()) === '',
        () => lastLines().join('\n'),
      )
    },
    async findViolations() {
      const all = await records()
      const found = commits.flatMap((commit) => problemsOf(commit, all))
      for (const [what, made] of uidsOf(seen)) if (made.size !== 1) found.push(`${what}: ${made.size} were made`)
      return found
    },
    async close() {
      for (const reader of seen) reader.stop()
      for (const fusee of running) {
        fusee.kill('SIGKILL')
        await fusee.ended
      }
      await git.close()
      await space.close()
      await removeFolder(folder)
    },
  }
}

/** One record that ended as the workflow does, each step at its first attempt. */
function problemsOf(commit: string, all: readonly Recorded[]): string[] {
  const own = all.filter((record) => record.commit === commit)
  const found = own.length === 1 ? [] : [`${commit} has ${own.length} records`]
  for (const { run, result, steps } of own) {
    const ends = steps.map((step) => `${step.name} ${step.result}`).join(', ')
    const want = /^first Succeeded, breaks Failed, endless (Cancelled|Skipped), tidy Succeeded$/
    if (result !== 'Failed' || !want.test(ends)) found.push(`${run} ended ${result}: ${ends}`)
    for (const { name, attempts } of steps) if (attempts.length > 1) found.push(`${run}: ${name} had ${attempts.length} attempts`)
  }
  return found
}

/** Uids of all Jobs that were seen, by name, and of all pods, by their Job. */
function uidsOf(seen: readonly WatchReader[]): Map<string, Set<string>> {
  const uids = new Map<string, Set<string>>()
  for (const { object } of seen.flatMap(({ events }) => events.filter(({ type }) => type === 'ADDED'))) {
    const { name, uid, labels } = object.metadata
    const job = labels?.['batch.kubernetes.io/job-name']
    const key = job === undefined ? `Job ${name}` : `pods of ${job}`
    uids.set(key, (uids.get(key) ?? new Set()).add(uid))
  }
  return uids
}
