import fc from 'fast-check'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import recordSchema from '../../../schemas/record.schema.json' with { type: 'json' }
import { encodeRecord, parseRecord, RecordError, recordOf } from '../../../src/history/record.ts'
import type { Trigger } from '../../../src/runs/run.ts'
import { recordPath } from '../../../src/history/paths.ts'
import { COMMIT, failedRun, finishedRun, endedStep } from '../../support/history-builders.ts'

const fitsSchema = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(recordSchema)

/** What the published schema of records says against a record, and what reading it does. */
function judge(value: unknown): { schema: boolean; reader: boolean } {
  const schema = fitsSchema(value)
  try {
    parseRecord(JSON.stringify(value))
    return { schema, reader: true }
  } catch {
    return { schema, reader: false }
  }
}

describe('the record of a run', () => {
  it('has the fields of the contract in their order', () => {
    expect(JSON.parse(encodeRecord(recordOf(failedRun())))).toEqual({
      apiVersion: 'fusee.dev/v1alpha1',
      kind: 'Record',
      run: 'nightly-report-9f3k2m7qxz',
      workflow: 'nightly-report',
      repository: 'data/data-jobs',
      commit: COMMIT,
      trigger: { kind: 'Schedule', schedule: 'nightly-nordics', tick: '2026-11-20T01:00:00Z' },
      params: { site: 'www.example.fi' },
      result: 'Failed',
      reason: 'StepFailed',
      message: 'measure exited with 3',
      createdAt: '2026-11-20T01:00:02.000Z',
      startedAt: '2026-11-20T01:00:03.000Z',
      finishedAt: '2026-11-20T01:03:15.000Z',
      rerunOf: null,
      steps: expect.anything() as unknown,
    })
    const { steps, ...record } = recordOf(failedRun())
    expect(Object.keys({ ...record, steps }).join(' ')).toBe(
      'apiVersion kind run workflow repository commit trigger params result reason message createdAt startedAt finishedAt rerunOf steps',
    )
    expect(Object.keys(steps[1] ?? {}).join(' ')).toBe('name kind result reason startedAt finishedAt job attempts results log')
  })

  it('keeps the log only of what failed', () => {
    const steps = [
      endedStep('good', { log: 'chatter' }),
      endedStep('bad', { result: 'Failed', log: 'why' }),
      endedStep('mute', { result: 'Failed', log: '' }),
    ]
    expect(recordOf(finishedRun({ steps })).steps.map((step) => step.log)).toEqual([undefined, 'why', undefined])
  })

  it('is the same bytes whatever order the cluster gives fields in', () => {
    const one = finishedRun({ params: { a: 1, b: { c: [1, { y: 1, x: 2 }], d: null } } })
    const other = finishedRun({ params: { b: { d: null, c: [1, { x: 2, y: 1 }] }, a: 1 } })
    expect(encodeRecord(recordOf(other))).toBe(encodeRecord(recordOf(one)))
  })

  it('ends with a newline, is indented by two spaces and holds no character that steers a terminal', () => {
    const text = encodeRecord(recordOf(finishedRun({ params: { evil: '\u009b31m\u202e\u001b]0;x\u0007' } })))
    expect(text).toMatch(/^\{\n {2}"apiVersion"/)
    expect(text).toMatch(/\}\n$/)
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(parseRecord(text).params).toEqual({ evil: '\u009b31m\u202e\u001b]0;x\u0007' })
  })

  const triggers: Trigger[] = [
    { kind: 'Push', branch: 'main' },
    { kind: 'Webhook', name: 'nightly', delivery: '0b1c' },
    { kind: 'Workflow', workflow: 'load-data', run: 'load-data-hvqghjqbtb' },
    { kind: 'Api', key: 'k', by: 'robot' },
    { kind: 'Manual', key: 'k', by: 'ada', reason: 'the source was mended' },
    { kind: 'Rerun', key: 'k', by: 'ada' },
    { kind: 'Backfill', schedule: 'nightly', tick: '2026-11-20T01:00:00Z', by: 'ada', reason: 'outage' },
  ]
  it.each(triggers)('comes back as it was with a trigger of kind $kind', (trigger) => {
    const record = recordOf(finishedRun({ trigger }))
    expect(record.trigger).toEqual(trigger)
    expect(parseRecord(encodeRecord(record))).toEqual(record)
    expect(judge(record)).toEqual({ schema: true, reader: true })
  })

  it('is refused to a run that has not finished', () => {
    expect(() => recordOf({ ...finishedRun(), status: { phase: 'Running', steps: [] } })).toThrow(TypeError)
  })

  it('is the same after reading and writing it again', () => {
    const json = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.string({ unit: 'binary' }), (params, log) => {
        const text = encodeRecord(recordOf(failedRun({ params, steps: [endedStep('x', { result: 'Failed', log })] })))
        expect(encodeRecord(parseRecord(text))).toBe(text)
      }),
      { numRuns: 30 },
    )
  })
})

describe('reading a record', () => {
  const good = JSON.parse(encodeRecord(recordOf(failedRun()))) as Record<string, unknown>
  const table: { name: string; text: string; wantMessage: string }[] = [
    { name: 'no JSON', text: '{"a', wantMessage: 'not JSON' },
    { name: 'a list', text: '[]', wantMessage: 'expected an object, found []' },
    { name: 'another kind', text: JSON.stringify({ ...good, kind: 'Owner' }), wantMessage: 'kind: expected "Record", found "Owner"' },
    { name: 'a missing field', text: JSON.stringify({ ...good, run: undefined }), wantMessage: 'run: missing, expected text' },
    { name: 'an unknown field', text: JSON.stringify({ ...good, extra: 1 }), wantMessage: 'extra: unknown field' },
    {
      name: 'a cut commit',
      text: JSON.stringify({ ...good, commit: 'abc' }),
      wantMessage: 'commit: expected a commit id of 40 hexadecimal digits, found "abc"',
    },
    {
      name: 'a time without a zone',
      text: JSON.stringify({ ...good, createdAt: '2026-11-20T01:00:00' }),
      wantMessage: 'createdAt: expected a time in UTC',
    },
    { name: 'no such day', text: JSON.stringify({ ...good, createdAt: '2026-13-20T01:00:00Z' }), wantMessage: 'createdAt: expected a time in UTC' },
    {
      name: 'an unknown trigger',
      text: JSON.stringify({ ...good, trigger: { kind: 'Moon' } }),
      wantMessage: 'trigger.kind: expected one of Push, Schedule, Webhook, Workflow, Api, Manual, Rerun, Backfill, found "Moon"',
    },
    {
      name: 'a trigger without its part',
      text: JSON.stringify({ ...good, trigger: { kind: 'Push' } }),
      wantMessage: 'trigger.branch: missing, expected text',
    },
    {
      name: 'a wrong result deep inside',
      text: JSON.stringify({ ...good, steps: [{ ...(good['steps'] as object[])[0], result: 'Fine' }] }),
      wantMessage: 'steps[0].result: expected one of Succeeded, Failed, Skipped, Cached, Cancelled, found "Fine"',
    },
  ]
  it.each(table)('refuses $name and says where', ({ text, wantMessage }) => {
    expect(() => parseRecord(text)).toThrow(RecordError)
    expect(() => parseRecord(text)).toThrow(`not a well-formed record: ${wantMessage}`)
  })

  it('takes what the published schema takes: every field of it, and no other', () => {
    expect(judge(good)).toEqual({ schema: true, reader: true })
    for (const field of Object.keys(good)) {
      const { [field]: _, ...without } = good
      expect({ field, ...judge(without) }).toEqual({ field, schema: false, reader: false })
      const wrong = field === 'params' ? 'text' : { a: 1 }
      expect({ field, ...judge({ ...good, [field]: wrong }) }).toEqual({ field, schema: false, reader: false })
    }
    const [step] = good['steps'] as Record<string, unknown>[]
    for (const field of Object.keys(step ?? {})) {
      const { [field]: _, ...without } = step ?? {}
      expect({ field, ...judge({ ...good, steps: [without] }) }).toEqual({ field, schema: false, reader: false })
    }
    expect(judge({ ...good, steps: [{ ...step, more: 1 }] })).toEqual({ schema: false, reader: false })
  })

  it('never fails otherwise, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parseRecord(text)).toThrow(RecordError)
      }),
    )
  })
})

describe('the path of a record', () => {
  const tick = '2026-11-19T23:59:00Z'
  const table = [
    {
      name: 'the tick of a schedule',
      run: failedRun({ trigger: { kind: 'Schedule', schedule: 's', tick } }),
      wantPath: 'history/nightly-report/2026/11/19/nightly-report-9f3k2m7qxz',
    },
    { name: 'the creation otherwise', run: finishedRun(), wantPath: 'history/nightly-report/2026/11/20/nightly-report-9f3k2m7qxz' },
    {
      name: 'the creation for a tick that is no time',
      run: finishedRun({ trigger: { kind: 'Schedule', schedule: 's', tick: 'x' } }),
      wantPath: 'history/nightly-report/2026/11/20/nightly-report-9f3k2m7qxz',
    },
    {
      name: 'a safe folder for a hostile name',
      run: finishedRun({ name: '../../owner', workflow: '..' }),
      wantPath: 'history/_./2026/11/20/_._.._owner',
    },
    {
      name: 'another name than that of the ticks',
      run: finishedRun({ name: 'ticks', workflow: 'state' }),
      wantPath: 'history/_state/2026/11/20/_ticks',
    },
  ]
  it.each(table)('takes $name', ({ run, wantPath }) => {
    expect(recordPath(run)).toBe(wantPath)
  })
})
