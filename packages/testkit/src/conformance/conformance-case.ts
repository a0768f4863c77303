import { isDeepStrictEqual, inspect } from 'node:util'

/** A promise that a plugin has broken. The message says which, what came instead, and where to look. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError'
}

/** One promise of a contract and how to see that a plugin keeps it. Data: any test runner can run it. */
export interface ConformanceCase<Subject> {
  /** States a fact in the present; unique among the cases of its kind. */
  readonly name: string
  /** The promise, in one sentence. */
  readonly promise: string
  /** Where it is written: a file of core, or a section of docs/plugin-authors.md. */
  readonly source: string
  /**
   * Resolves when the promise is kept, with everything closed that it opened. One case runs at a time in a process.
   *
   * @throws ConformanceError when it is not, and whatever the subject throws.
   */
  readonly run: (subject: Subject) => Promise<void>
}

/** The cases without those of these names. Throws `TypeError` for a name of none, which may be an old one. */
export function withoutExempt<Case extends { readonly name: string }> (cases: readonly Case[], exempt: Readonly<Record<string, string>>): readonly Case[] {
  const unknown = Object.keys(exempt).find((name) => !cases.some((each) => each.name === name))
  if (unknown !== undefined) throw new TypeError(`The subject is exempt from "${unknown}", which is no case of its kind`)
  return cases.filter(({ name }) => exempt[name] === undefined)
}

/** Throws a `ConformanceError` unless `isKept`. */
export function expectThat (isKept: boolean, message: string): asserts isKept {
  if (!isKept) throw new ConformanceError(message)
}

/** Throws a `ConformanceError` unless a call was rejected with this very reason. */
export function expectReason (outcome: unknown, reason: Error, call: string): void {
  expectThat(outcome === reason, `${call} must reject with signal.reason, but came to ${brief(outcome)}`)
}

/** Throws a `ConformanceError` that shows both unless the values are equal all the way down. */
export function expectSame (actual: unknown, expected: unknown, message: string): void {
  const [came, wanted] = [plain(actual), plain(expected)]
  expectThat(isDeepStrictEqual(came, wanted), `${message}: expected ${show(wanted)}, got ${show(came)}`)
}

/** What a call came to, in one line. */
export function brief (outcome: unknown): string {
  return outcome instanceof Error ? `${outcome.name}: ${outcome.message}` : String(outcome)
}

/** The same with all bytes as hexadecimal text, whatever class they come in. */
function plain (value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) => [key, plain(each)]))
}

function show (value: unknown): string {
  return inspect(value, { depth: 6, breakLength: Infinity, compact: true, maxStringLength: 100 })
}
