import type { RE2JS } from 're2js'

/** Work that one evaluation may do: about as many steps, and as many characters copied. It keeps the longest under a second. */
const MOST_WORK = 500_000

/** Longest text that an expression may make: what it makes goes into environment variables and Job fields. */
const LONGEST_TEXT = 32_768

/** Most parts of a list or map that an expression may make, in characters and items. */
const LARGEST_VALUE = 1_000_000

/** An expression did too much, or made something too large. */
export class TooMuchWorkError extends Error {
  override name = 'TooMuchWorkError'
}

/** Counts what an evaluation does. Once it has thrown it throws again at each count: `||` and `&&` swallow errors of their left side. */
export class Meter {
  #left = MOST_WORK
  #fault: TooMuchWorkError | null = null
  readonly #sizes = new WeakMap<object, number>()

  get fault(): TooMuchWorkError | null {
    return this.#fault
  }

  /** One step whose result is this. */
  count(value: unknown): void {
    this.spend(1 + this.#sizeOf(value) / 32)
  }

  spend(work: number): void {
    if (this.#fault) throw this.#fault
    this.#left -= work
    if (this.#left < 0) this.#stop('is too much work; walk shorter lists')
  }

  /** What a call is going to cost beyond its arguments and its result. `values` are the receiver and the arguments. */
  countCall(name: string, values: readonly unknown[]): void {
    const [subject, ...others] = values
    const [argument] = others
    switch (name) {
      case 'join':
        if (Array.isArray(subject)) this.#countJoin(subject, typeof argument === 'string' ? argument.length : 0)
        return
      case 'contains':
      case 'indexOf':
      case 'lastIndexOf':
      case 'split':
        if (typeof subject === 'string' && typeof argument === 'string') this.spend((subject.length * argument.length) / 1000)
        return
    }
  }

  /** RE2's time is linear in the text, and in the size of the compiled pattern. */
  countPattern(pattern: RE2JS, text: string): void {
    this.spend((text.length * pattern.programSize()) / 16)
  }

  /** What an expression made, before it is used. */
  checkMade(value: unknown): void {
    if (typeof value === 'string' && value.length > LONGEST_TEXT) this.#stop(`makes text of more than ${LONGEST_TEXT} characters`)
    if (this.#sizeOf(value) > LARGEST_VALUE) this.#stop('makes a value that is too large')
  }

  #countJoin(items: readonly unknown[], separator: number): void {
    const length = items.reduce<number>((sum, item) => sum + separator + (typeof item === 'string' ? item.length : 0), 0)
    if (length > LONGEST_TEXT) this.#stop(`makes text of more than ${LONGEST_TEXT} characters`)
  }

  /** Characters and items, with all below: a list that holds another one many times is as large as if each were its own. */
  #sizeOf(value: unknown): number {
    if (typeof value === 'string') return value.length
    if (typeof value !== 'object' || value === null) return 1
    const known = this.#sizes.get(value)
    if (known !== undefined) return known
    const size = partsOf(value).reduce<number>((sum, part) => sum + this.#sizeOf(part), 1)
    this.#sizes.set(value, size)
    return size
  }

  #stop(what: string): never {
    this.#fault ??= new TooMuchWorkError(`the expression ${what}`)
    throw this.#fault
  }
}

/** What a list or a map holds; the library's records are not looked into, since their fields count where they are used. */
function partsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (value instanceof Map) return value.constructor === Map ? [...value.keys(), ...value.values()] : []
  return Object.entries(value).flat()
}
