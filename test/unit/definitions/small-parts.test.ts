import { describe, expect, it } from 'vitest'
import { checkCron, isTimeZone } from '../../../src/definitions/cron-syntax.ts'
import { declaredNames } from '../../../src/definitions/declared-names.ts'
import { limitSeconds, parseDuration } from '../../../src/definitions/duration.ts'
import { nearestName } from '../../../src/definitions/near-names.ts'
import { paramVariable } from '../../../src/definitions/param-variable.ts'
import { repositoryPath, stemOf } from '../../../src/definitions/repository-path.ts'
import { findCycles } from '../../../src/definitions/rules/find-cycles.ts'

describe('durations', () => {
  it.each([
    ['90s', 90],
    ['2h', 7200],
    ['1d', 86_400],
    ['1h30m', 5400],
    ['1d2h3m4s', 93_784],
    ['', null],
    ['none', null],
    ['90', null],
    ['1m1h', null],
    ['1.5h', null],
    ['-1s', null],
    ['1234567d', null],
  ])('%j is %j seconds', (text, want) => {
    expect(parseDuration(text)).toBe(want)
  })

  it.each([
    [undefined, 5],
    ['none', null],
    ['1m', 60],
  ])('the limit %j, where 5 is the default, is %j', (text, want) => {
    expect(limitSeconds(text, 5)).toBe(want)
  })
})

describe('near names', () => {
  const KNOWN = ['command', 'dependsOn', 'image', 'env', 'env2', 'timeZone', 'script', 'results']
  it.each([
    ['comand', 'command'],
    ['dependOn', 'dependsOn'],
    ['DEPENDSON', 'dependsOn'],
    ['iamge', 'image'],
    ['enx', 'env'],
    ['ab', null],
    ['timezone', 'timeZone'],
    ['needs', 'dependsOn'],
    ['run', 'script'],
    ['outputs', 'results'],
    ['constructor', null],
    ['frobnicate', null],
    ['c'.repeat(1000), null],
  ])('%s: %s', (name, want) => {
    expect(nearestName(name, KNOWN)).toBe(want)
  })

  it('are by spelling where both are there', () => {
    expect(nearestName('outputs', ['results', 'output'])).toBe('output')
    expect(nearestName('success', ['Failed', 'Succeeded'])).toBe('Succeeded')
  })
})

describe('paths of a repository', () => {
  it.each([
    ['jobs/a.yaml', 'jobs/a.yaml'],
    ['./jobs//a/', 'jobs/a'],
    ['a/../b', 'b'],
    ['.', ''],
    ['..', null],
    ['a/../../b', null],
    ['/etc', null],
  ])('%s is %s', (text, want) => {
    expect(repositoryPath(text)).toBe(want)
  })

  it.each([
    ['a/b.yaml', 'b'],
    ['01_load.tar.yml', '01_load.tar'],
    ['a.b/c', 'c'],
  ])('the file %s is called %s', (path, want) => {
    expect(stemOf(path)).toBe(want)
  })
})

describe('cycles', () => {
  it.each([
    { name: 'none in a diamond', edges: [[], [0], [0], [1, 2]], want: [] },
    { name: 'a node that waits for itself', edges: [[], [1]], want: [[1]] },
    { name: 'the shortest of a knot', edges: [[1], [2, 0], [0]], want: [[0, 1]] },
    {
      name: 'one of each knot',
      edges: [[1], [0], [3, 0], [2]],
      want: [
        [0, 1],
        [2, 3],
      ],
    },
  ])('$name', ({ edges, want }) => {
    expect(findCycles(edges)).toEqual(want)
  })

  it('are found in a ring of fifty thousand', () => {
    const size = 50_000
    const edges = Array.from({ length: size }, (_, index) => [(index + 1) % size])
    expect(findCycles(edges)[0]).toHaveLength(size)
  })
})

describe('names in text that is no YAML', () => {
  it.each([
    { text: 'kind: Workflow\nmetadata:\n  name: nightly\n: [', want: ['nightly'] },
    { text: '{"kind": "Workflow", "metadata": {"name": "nightly",', want: ['nightly'] },
    { text: 'metadata: {labels: {a: b}, name: nightly}\nkind: Workflow\n---\nkind: Schedule\nmetadata: {name: other}\n', want: ['nightly'] },
    { text: 'kind: Workflow\nmetadata:\n  labels: {}\n', want: [] },
    { text: `${'metadata: '.repeat(50_000)}kind: Workflow`, want: [] },
  ])('$want', ({ text, want }) => {
    expect(declaredNames(text)).toEqual(want)
  })
})

describe('cron expressions and time zones', () => {
  it.each(['0 3 * * *', 'H 3 * * mon-fri', 'H(0-29)/10 * * * *', '@daily', '5/15 * * * *', '0 0 1 jan ?'])('%s is fine', (cron) => {
    expect(checkCron(cron)).toBeNull()
  })

  it.each(['', '0 3 * *', '0 0 3 * * *', '61 * * * *', '@reboot', 'TZ=UTC 0 3 * * *', '0 3 L * *', '0 '.repeat(5000)])('%j is not', (cron) => {
    expect(checkCron(cron)).not.toBeNull()
  })

  it.each([
    ['Etc/UTC', true],
    ['Europe/Helsinki', true],
    ['UTC', true],
    ['+02:00', false],
    ['Europe/Nowhere', false],
    ['', false],
  ])('the zone %s: %s', (name, want) => {
    expect(isTimeZone(name)).toBe(want)
  })
})

describe('variables of parameters', () => {
  it.each([
    ['site', 'FUSEE_PARAM_SITE'],
    ['max-age', 'FUSEE_PARAM_MAX_AGE'],
  ])('%s is %s', (name, want) => {
    expect(paramVariable(name)).toBe(want)
  })
})
