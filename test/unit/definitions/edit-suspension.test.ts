import { describe, expect, it } from 'vitest'
import type { WantedSuspension } from '../../../src/definitions/edit-suspension.ts'
import { editSuspension } from '../../../src/definitions/edit-suspension.ts'

const WORKFLOW = `# the night's work
apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: nightly}
spec:
  # when
  triggers:
    schedule:
      - name: nordics
        cron: "0 3 * * *"
      - {name: baltics, cron: "0 4 * * *"}
  steps: []   # none yet
`
const SCHEDULE = `apiVersion: fusee.dev/v1alpha1
kind: Schedule
metadata:
  name: early
spec: {workflow: nightly, cron: "0 1 * * *"}
`
const reason: WantedSuspension = { until: null, reason: 'the site: moves' }

const cases: { title: string; text: string; name: string; wanted: WantedSuspension; wantLine: string; want: string | null }[] = [
  { title: 'a workflow', text: WORKFLOW, name: 'nightly', wanted: reason, wantLine: '  suspend: {"reason": "the site: moves"}', want: '  triggers:' },
  {
    title: 'a workflow without a reason',
    text: WORKFLOW,
    name: 'nightly',
    wanted: { until: null, reason: null },
    wantLine: '  suspend: true',
    want: '  triggers:',
  },
  {
    title: 'a trigger',
    text: WORKFLOW,
    name: 'nightly-nordics',
    wanted: { until: '2026-12-01T00:00:00Z', reason: null },
    wantLine: '      - suspend: {"until": "2026-12-01T00:00:00Z"}',
    want: '        name: nordics',
  },
  {
    title: 'a trigger on one line',
    text: WORKFLOW,
    name: 'nightly-baltics',
    wanted: { until: null, reason: null },
    wantLine: '      - {"suspend": true, name: baltics, cron: "0 4 * * *"}',
    want: '  steps: []   # none yet',
  },
  {
    title: 'the second document of a file',
    text: `${WORKFLOW}---\n${SCHEDULE}`,
    name: 'early',
    wanted: { until: null, reason: null },
    wantLine: 'spec: {"suspend": true, workflow: nightly, cron: "0 1 * * *"}',
    want: '',
  },
]

describe('a suspension', () => {
  it.each(cases)('of $title is written where it belongs, and taken away without a trace', ({ text, name, wanted, wantLine, want }) => {
    const after = editSuspension(text, name, wanted) ?? ''
    const lines = after.split('\n')
    expect(lines).toContain(wantLine)
    expect(lines[lines.indexOf(wantLine) + 1]).toBe(want)
    expect(lines.filter((line) => !text.split('\n').includes(line)).length).toBeLessThanOrEqual(2)
    expect(editSuspension(after, name, null)).toBe(text)
    expect(editSuspension(after, name, { until: null, reason: 'other' })).toContain('"other"')
  })

  it('of a name that the file does not have is none', () => {
    expect(editSuspension(WORKFLOW, 'other', reason)).toBeNull()
  })
})
