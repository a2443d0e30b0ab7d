import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { runFusee, startFusee, until } from '../support/fusee-process.ts'
import { runGit } from '../support/git-program.ts'
import { removeFolder } from '../support/remove-folder.ts'

/* `fusee run` as a person uses it: in a checkout, with a terminal that may be interrupted. */

vi.setConfig({ maxConcurrency: 4, testTimeout: 1_200_000 })

/** Does it with a checkout that holds one workflow `report` with these steps and `finally` steps. */
async function inCheckout(steps: string, act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-checkout-'))
  try {
    const text = `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: report}\nspec:\n  defaults: {image: "busybox:1.36"}\n${steps}`
    await runGit(folder, ['init', '--quiet', '--initial-branch=main'])
    await mkdir(path.join(folder, 'workflows'))
    await mkdir(path.join(folder, 'scratch'))
    await writeFile(path.join(folder, 'workflows', 'report.yaml'), text)
    await runGit(folder, ['add', '--all'])
    await runGit(folder, ['commit', '--quiet', '--message', 'A workflow'])
    await act(folder)
  } finally {
    await removeFolder(folder)
  }
}

const FAILING = `
  steps:
    - {name: load, script: "echo loaded; echo again"}
    - {name: measure, dependsOn: [load], script: "echo too slow; exit 3"}
    - {name: publish, dependsOn: [measure], script: "true"}
`

const TEMPLATED = `
  params: {site: {}}
  chain: true
  steps:
    - {name: load, script: 'echo "loading $FUSEE_PARAM_SITE"'}
    - {name: tell, use: notify, with: {channel: "c-\${{ params.site }}", times: 2}}
    - {name: team, use: notify-team, with: {team: data}}
    - {name: sum, env: [{name: TOLD, value: "\${{ steps.tell.results.told + steps.team.results.told }}"}], script: 'echo "told $TOLD"'}
`
const TEMPLATES = `apiVersion: fusee.dev/v1alpha1
kind: StepTemplate
metadata: {name: notify}
spec:
  params: {channel: {required: true}, times: {type: integer, default: 1}}
  step:
    image: busybox:1.36
    script: for i in $(seq "$TIMES"); do echo "$i to $CHANNEL"; done; echo "told=$TIMES" >> "$FUSEE_RESULTS"
    results: {told: integer}
    env: [{name: CHANNEL, value: "\${{ params.channel }}"}, {name: TIMES, value: "\${{ params.times }}"}]
---
apiVersion: fusee.dev/v1alpha1
kind: StepTemplate
metadata: {name: notify-team}
spec:
  params: {team: {required: true}}
  step: {use: notify, with: {channel: "team-\${{ params.team }}"}}
`

const INHERITED = `
  params: {valueOf: {required: true}}
  steps:
    - name: constructor
      env: [{name: A, value: "\${{ vars.constructor }} \${{ vars.toString }} \${{ params.valueOf }}"}]
      script: echo "$A"; echo "toString=7" >> "$FUSEE_RESULTS"
      results: {toString: integer}
    - name: valueof
      dependsOn: [constructor]
      if: steps.constructor.results.toString == 7
      env: [{name: A, value: "\${{ steps.constructor.results.toString }}"}]
      script: echo "$A"
`

describe('fusee run', () => {
  it.concurrent('shows steps with what they print, in order, then the record', () =>
    inCheckout(FAILING, async (folder) => {
      const { code, stdout, stderr } = await runFusee(['run', 'report', '--repo', folder])
      expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
      const shown = stdout.replaceAll(/report-[a-z0-9]{10}/g, 'RUN').replaceAll(/\d+(\.\d)?(s|ms)\b/g, 'TIME')
      const lines = shown.split('\n').map((line) => line.trim())
      expect(lines.slice(2, 9)).toEqual([
        'RUN load started',
        'load | loaded',
        'load | again',
        'RUN load Succeeded after TIME',
        'RUN measure started',
        'measure | too slow',
        'RUN measure Failed: exited with 3 after TIME',
      ])
      const page = lines.slice(lines.indexOf('') + 1)
      expect(page[0]).toMatch(/^RUN {2}✗ Failed: measure .* after TIME$/)
      expect(page.slice(3).map((line) => line.replaceAll(/ {2,}/g, ' '))).toEqual([
        'STEP RESULT DURATION EXIT CODES REASON',
        'load ✓ Succeeded TIME 0',
        'measure ✗ Failed TIME 3 ExitCode',
        'publish - Skipped DependencyNotMet',
        '',
        'Last lines of measure:',
        'too slow',
        '',
      ])
      expect(await branches(folder)).toEqual(['main'])
    }),
  )

  it.concurrent('does what templates say, one within another, with defaults, chain and results', () =>
    inCheckout(TEMPLATED, async (folder) => {
      await writeFile(path.join(folder, 'workflows', 'templates.yaml'), TEMPLATES)
      const { code, stdout, stderr } = await runFusee(['run', 'report', '--repo', folder, '--param', 'site=a.example'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const printed = stdout.split('\n').filter((line) => line.includes(' | '))
      expect(printed.map((line) => line.trim().replace(/ *[|] */, ': '))).toEqual([
        'load: loading a.example',
        'tell: 1 to c-a.example',
        'tell: 2 to c-a.example',
        'team: 1 to team-data',
        'sum: told 3',
      ])
    }),
  )

  it.concurrent('gives expressions the vars of a Repository document, also under names that every object of JavaScript has', () =>
    inCheckout(INHERITED, async (folder) => {
      const document = `apiVersion: fusee.dev/v1alpha1\nkind: Repository\nmetadata: {name: x}\nspec: {url: ., vars: {constructor: made, toString: told}}\n`
      await writeFile(path.join(folder, 'repository.yaml'), document)
      const words = ['run', 'report', '--repo', folder, '--repository', path.join(folder, 'repository.yaml'), '--param', 'valueOf=given']
      const { code, stdout, stderr } = await runFusee(words)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const printed = stdout.split('\n').filter((line) => line.includes(' | '))
      expect(printed.map((line) => line.trim().replace(/ *[|] */, ': '))).toEqual(['constructor: made told given', 'valueof: 7'])
    }),
  )

  const GATED = `
  steps:
    - {name: gate, approval: {by: [ann]}}
    - {name: other, approval: {timeout: 1s}}
    - {name: publish, dependsOn: [gate], script: "true"}
  finally: [{name: end, approval: {}}]
`

  it.concurrent('gives the approvals that it was told to give, and says that nobody can give the others', () =>
    inCheckout(GATED, async (folder) => {
      const { code, stdout, stderr } = await runFusee([
        'run',
        'report',
        '--repo',
        folder,
        '--approve',
        'gate',
        '--approve',
        'end',
        '--output',
        'json',
      ])
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'other: nobody can approve while this run waits; interrupt it then, or start it with --approve other\n',
      })
      const { steps } = JSON.parse(stdout) as { steps: { name: string; result: string; reason: string | null }[] }
      expect(steps.map(({ name, result, reason }) => `${name} ${result} ${reason ?? ''}`.trim())).toEqual([
        'gate Succeeded Approved',
        'other Failed Timeout',
        'publish Succeeded',
        'end Succeeded Approved',
      ])
    }),
  )

  it.concurrent('knows which approvals there are', () =>
    inCheckout(GATED, async (folder) => {
      const { code, stderr } = await runFusee(['run', 'report', '--repo', folder, '--approve', 'publish'])
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: 'fusee: --approve publish: workflow report has no approval of this name: there is gate, other, end\n',
      })
    }),
  )

  it.concurrent('writes the record to the status branch when it is asked to', () =>
    inCheckout('  steps: [{name: only, script: "true"}]', async (folder) => {
      const { code, stdout } = await runFusee(['run', 'report', '--repo', folder, '--record', '--output', 'json'])
      const { run } = JSON.parse(stdout) as { run: string }
      expect(code).toBe(0)
      const files = (await runGit(folder, ['ls-tree', '-r', '--name-only', 'fusee/status'])).trim().split('\n')
      const file = files.find((name) => name.endsWith(`/${run}.json`)) ?? ''
      expect(`${await runGit(folder, ['show', `fusee/status:${file}`])}\n`.trim()).toBe(stdout.trim())
      expect(await runGit(folder, ['show', 'fusee/status:history/README.md'])).toContain('[report](report/README.md)')
      expect(files).not.toContain('history/state/owner.json')
    }),
  )

  it.concurrent('says before anything runs that there is no repository for the record', () =>
    inCheckout('  steps: [{name: only, script: "touch scratch/ran"}]', async (folder) => {
      await rm(path.join(folder, '.git'), { recursive: true })
      const { code, stdout, stderr } = await runFusee(['run', 'report', '--repo', folder, '--record'])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toBe(`fusee: no Git repository in ${folder}: name the folder that holds .git, or make one with git init\n`)
    }),
  )

  const STUBBORN = (scratch: string): string => `
  steps: [{name: stubborn, script: "trap '' TERM; echo $$ > ${scratch}/pid; while true; do sleep 0.1; done"}]
  finally: [{name: tidy, script: "touch ${scratch}/tidied"}]
`

  it.concurrent('is cancelled by the first interrupt; the second kills what still runs and leaves nothing behind', async () => {
    const scratch = await mkdtemp(path.join(tmpdir(), 'fusee-scratch-'))
    try {
      await inCheckout(STUBBORN(scratch), async (folder) => {
        const fusee = startFusee(['run', 'report', '--repo', folder], { TMPDIR: scratch })
        const pid = await waitForPid(path.join(scratch, 'pid'))
        fusee.kill('SIGINT')
        await until('the word on it', () => fusee.stderr().includes('interrupt again'))
        expect(isThere(pid)).toBe(true)
        fusee.kill('SIGINT')
        expect(await fusee.ended).toEqual({ code: 1, signal: null })
        // Killed by then; the system may still have to put it away.
        await until('the step to be gone', () => !isThere(pid))
        expect(await readdir(scratch)).toEqual(['pid'])
      })
    } finally {
      await removeFolder(scratch)
    }
  })

  it.concurrent('runs the finally steps of a run that was interrupted', async () => {
    const scratch = await mkdtemp(path.join(tmpdir(), 'fusee-scratch-'))
    try {
      await inCheckout(STUBBORN(scratch).replace("trap '' TERM; ", ''), async (folder) => {
        const fusee = startFusee(['run', 'report', '--repo', folder], { TMPDIR: scratch })
        await waitForPid(path.join(scratch, 'pid'))
        fusee.kill('SIGTERM')
        expect(await fusee.ended).toEqual({ code: 1, signal: null })
        expect(fusee.stdout()).toContain('■ Cancelled: cancelled by signal: interrupted')
        expect((await readdir(scratch)).sort()).toEqual(['pid', 'tidied'])
      })
    } finally {
      await removeFolder(scratch)
    }
  })
})

async function branches(folder: string): Promise<string[]> {
  return (await runGit(folder, ['branch', '--format=%(refname:short)'])).trim().split('\n')
}

async function waitForPid(file: string): Promise<number> {
  const read = (): Promise<string> => readFile(file, 'utf8').catch(() => '')
  await until('the step', async () => (await read()).endsWith('\n'))
  return Number(await read())
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
