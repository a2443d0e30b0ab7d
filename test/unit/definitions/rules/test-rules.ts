import { expect, it } from 'vitest'
import { checkMarked } from '../check-marked.ts'

/** A text with the mistake that a rule finds. */
export interface RuleCase {
  rule: string
  name: string
  /** Each expected place stands after a mark. */
  text: string
  /** What each message says, among others, in the order of the places. */
  wantMessages: string[]
  /** Other files of the repository. */
  others?: Record<string, string>
}

/** A test for each: the rule finds all that is marked and nothing else, and no other rule finds anything. */
export function testRules(cases: readonly RuleCase[]): void {
  it.each(cases)('$rule: $name', async ({ rule, text, wantMessages, others }) => {
    const { places, wantPlaces, rules, messages } = await checkMarked(text, others, undefined, rule)
    expect(places).toEqual(wantPlaces)
    expect(rules).toEqual([rule])
    for (const [index, wantMessage] of wantMessages.entries()) expect(messages[index]).toContain(wantMessage)
  })
}
