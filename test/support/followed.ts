import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { FuseeProcess } from './fusee-process.ts'
import { startFusee } from './fusee-process.ts'
import type { GitHttpServer, GitServerOptions } from './git-http-server.ts'
import { startGitHttpServer } from './git-http-server.ts'
import type { GitFiles } from './git-program.ts'
import { importCommits, runGit } from './git-program.ts'
import { removeFolder } from './remove-folder.ts'

/** A bare repository in a folder of its own, and processes that follow it. */
export interface Followed {
  /** Everything lies below it, and goes with `close`. */
  folder: string
  repository: string
  dataFolder: string
  /** Null for a repository that is followed as a folder. */
  server: GitHttpServer | null
  /** Starts `fusee serve`; words given here come last, so they win. */
  serve(...words: string[]): FuseeProcess
  /** Commits to `main`; its new tip. */
  push(files: GitFiles): Promise<string>
  /** All records of the status branch: paths of the JSON files. */
  records(): Promise<string[]>
  /** Kills what still runs and removes all traces. */
  close(): Promise<void>
}

/** How it is followed. */
export interface FollowedOptions {
  /** The first commit; `null` leaves the repository out altogether. */
  files: GitFiles | null
  http?: Omit<GitServerOptions, 'root'>
  /** Further lines of the Repository's `spec`. */
  spec?: readonly string[]
}

/** Makes it; nothing follows it before `serve`. */
export async function createFollowed(options: FollowedOptions): Promise<Followed> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-followed-'))
  const root = path.join(folder, 'remote')
  const repository = path.join(root, 'jobs.git')
  const dataFolder = path.join(folder, 'data')
  await mkdir(root)
  if (options.files !== null) {
    await runGit(root, ['init', '--quiet', '--bare', '--initial-branch=main', repository])
    await importCommits(repository, [options.files])
  }
  const server = options.http === undefined ? null : await startGitHttpServer({ root, ...options.http })
  const url = server === null ? repository : `${server.url}/jobs.git`
  const document = path.join(folder, 'repository.yaml')
  const spec = [`url: ${url}`, 'interval: 1s', 'history: {interval: 0s}', ...(options.spec ?? [])]
  await writeFile(
    document,
    ['apiVersion: fusee.dev/v1alpha1', 'kind: Repository', 'metadata: {name: jobs}', 'spec:', ...spec.map((line) => `  ${line}`)].join('\n'),
  )
  const running = new Set<FuseeProcess>()

  return {
    folder,
    repository,
    dataFolder,
    server,
    serve(...words) {
      const fusee = startFusee(['serve', '--output', 'json', '--repository', document, '--data', dataFolder, '--listen', '127.0.0.1:0', ...words])
      running.add(fusee)
      void fusee.ended.then(() => running.delete(fusee))
      return fusee
    },
    push: (files) => importCommits(repository, [files], { message: 'Change the files' }),
    async records() {
      const names = await runGit(repository, ['ls-tree', '-r', '--name-only', 'fusee/status'])
      return names.split('\n').filter((name) => /\/\d\d\/[^/]+\.json$/.test(name) && !name.endsWith('/ticks.json'))
    },
    async close() {
      for (const fusee of running) {
        fusee.kill('SIGKILL')
        await fusee.ended
      }
      await server?.close()
      await removeFolder(folder)
    },
  }
}

/** A workflow of one step that every push starts. */
export function pushWorkflow(name: string, script = 'echo hello'): GitFiles {
  return {
    [`workflows/${name}.yaml`]: `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
  triggers: {push: {}}
  steps:
    - {name: only, image: "busybox:1.36", script: ${JSON.stringify(script)}}
`,
  }
}
