import { describe, expect, it } from 'vitest'
import { parseRepositoryDocument, RepositoryDocumentError } from '../../../src/config/repository-document.ts'

function documentWith(...spec: string[]): string {
  const lines = ['url: https://git.example.com/acme/jobs.git', ...spec].map((line) => `  ${line}`)
  return ['apiVersion: fusee.dev/v1alpha1', 'kind: Repository', 'metadata: {name: jobs}', 'spec:', ...lines].join('\n')
}

describe('a Repository document', () => {
  it('gives what it says, in seconds', () => {
    const { spec } = parseRepositoryDocument(documentWith('interval: 1m30s', 'history: {interval: 0s}'), 'repository.yaml')
    expect({ intervalSeconds: spec.intervalSeconds, history: spec.history.intervalSeconds }).toEqual({ intervalSeconds: 90, history: 0 })
  })

  it('names another repository for the history, and what signs it', () => {
    const text = documentWith('history: {url: "git@example.com:history", secretRef: {name: a}, signingKey: {secretRef: {name: b}}}')
    const { history } = parseRepositoryDocument(text, 'repository.yaml').spec
    expect(history).toMatchObject({ url: 'git@example.com:history', secretRef: { name: 'a' }, signingKey: { secretRef: { name: 'b' } } })
  })

  // «: the place that is told.
  const refused: { title: string; text: string; want: string }[] = [
    {
      title: 'looks without a pause',
      text: documentWith('interval: «0s'),
      want: '"interval" is 0: the repository would be asked without a pause; write 1s or more',
    },
    {
      title: 'a review without a pause',
      text: documentWith('history: {review: {into: main, every: «0d}}'),
      want: '"every" is 0: write how long a review takes in new records, as in 1d',
    },
    {
      title: 'a duration of too many digits',
      text: documentWith('interval: «1000000s'),
      want: '"interval" is written wrong: "1000000s". Whole numbers of at most six digits with the units',
    },
    {
      title: 'a duration that is none',
      text: documentWith('interval: «soon'),
      want: '"interval" is written wrong: "soon". Whole numbers of at most six digits with the units',
    },
    {
      title: 'a review for a time that is none',
      text: documentWith('history: {review: {into: main, every: «daily}}'),
      want: '"every" is written wrong',
    },
    { title: 'a field that nobody knows', text: documentWith('«intervall: 1m'), want: 'unknown field "intervall", did you mean "interval"?' },
    {
      title: 'a field that this version does not act on',
      text: documentWith('«verify: {mode: Head}'),
      want: '"verify" is not supported by this version yet: remove it',
    },
    {
      title: 'a pod security level that is none',
      text: documentWith('policy: {podSecurity: «Baseline}'),
      want: '"podSecurity" must be one of baseline, restricted, privileged; did you mean "baseline"?',
    },
    { title: 'a namespace that is none', text: documentWith('policy: {namespaces: [«"*"]}'), want: 'an item of "namespaces" is written wrong: "*"' },
    {
      title: 'rules for pull requests, which nothing starts yet',
      text: documentWith('policy: {«pullRequests: {secrets: []}}'),
      want: '"pullRequests" is not supported by this version yet: remove it',
    },
    { title: 'a Secret without its name', text: documentWith('«secretRef: {}'), want: '"secretRef" needs the field "name"' },
    { title: 'another kind', text: documentWith().replace('Repository', '«Workflow'), want: '"kind" must be "Repository", not "Workflow"' },
    { title: 'a field that is there twice', text: documentWith('path: a', '«path: b'), want: 'the field "path" is there twice; keep one' },
    { title: 'text that is no YAML', text: 'kind: [«', want: 'flow sequence' },
    { title: 'nothing', text: '«', want: 'the file is empty; write a Repository' },
    { title: 'two documents', text: `${documentWith()}\n---\n«${documentWith()}`, want: 'the file holds one Repository and nothing else; split it' },
  ]
  it.each(refused)('refuses $title', ({ text, want }) => {
    expect(problemsOf(text.replaceAll('«', ''))).toEqual([expect.stringContaining(`${placeOf(text)}: ${want}`)])
  })

  it('tells everything that is wrong at once', () => {
    expect(problemsOf(documentWith('intervall: 1m', 'suspend: "no"', 'vars: {n: 1}'))).toHaveLength(3)
  })
})

function problemsOf(text: string): string[] {
  try {
    parseRepositoryDocument(text, 'repository.yaml')
    return []
  } catch (error) {
    if (!(error instanceof RepositoryDocumentError)) throw error
    expect(error.message).toContain('repository.yaml is no Repository that can be used: ')
    return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`)
  }
}

function placeOf(marked: string): string {
  const before = marked.slice(0, marked.indexOf('«')).split('\n')
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`
}
