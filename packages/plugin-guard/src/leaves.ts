/** A name in a path: a key of an object, with its place among the keys, or an index of a list. */
export interface Step {
  readonly parent: Step | undefined
  readonly name: string
  readonly index: number
}

/** A text that is looked at, and where it stands. */
export interface Leaf {
  readonly at: Step | undefined
  /** The key that it stands under, also where it is in a list there; empty for keys themselves. Of a JWK it begins with `jwk_`. */
  readonly name: string
  readonly text: string
}

/** More than what may be looked at. */
export class TooMuch extends Error {
  readonly at: Step | undefined

  constructor (at: Step | undefined) {
    super('too much')
    this.at = at
  }
}

/** The deepest value that is looked into, in objects and lists. */
export const maxDepth = 100
const maxValues = 2_000_000
const minBytes = 16

/**
 * All texts of a value: strings, keys, and bytes, in hex, also where bytes stand as a list of numbers. Values as JSON writes them: what has a
 * `toJSON` is asked. Texts that stand at the same place in `known` are passed over.
 *
 * @throws TooMuch for what is nested too deep or too large.
 */
export function leavesOf (value: unknown, known?: unknown, at?: Step): Leaf[] {
  const leaves: Leaf[] = []
  let left = maxValues
  const visit = (given: unknown, before: unknown, step: Step | undefined, name: string, depth: number): void => {
    if (depth > maxDepth || left-- <= 0) throw new TooMuch(step)
    const part = jsonOf(given, name)
    if (typeof part === 'string') {
      if (part !== before) leaves.push({ at: step, name, text: part })
    } else if (part instanceof Uint8Array) {
      leaves.push({ at: step, name, text: Buffer.from(part.buffer, part.byteOffset, part.length).toString('hex') })
    } else if (typeof part === 'object' && part !== null) {
      const bytes = bytesOf(part)
      if (bytes !== undefined) leaves.push({ at: step, name, text: bytes.toString('hex') })
      else visitParts(part, before, step, name, depth)
    }
  }
  const visitParts = (part: object, before: unknown, step: Step | undefined, name: string, depth: number): void => {
    const isList = Array.isArray(part)
    const known = typeof before === 'object' && before !== null ? before as Readonly<Record<string, unknown>> : {}
    const prefix = 'kty' in part ? 'jwk_' : ''
    Object.keys(part).forEach((key, index) => {
      const inner = { parent: step, name: key, index }
      if (!isList && !Object.hasOwn(known, key)) leaves.push({ at: inner, name: '', text: key })
      visit((part as Readonly<Record<string, unknown>>)[key], Object.hasOwn(known, key) ? known[key] : undefined, inner, isList ? name : prefix + key, depth + 1)
    })
  }
  visit(value, known, at, '', 0)
  return leaves
}

/** The path as a JSON pointer (RFC 6901). Names that must not be shown are given by their place. */
export function pointerOf (at: Step | undefined, mayShow: (name: string) => boolean): string {
  const names: string[] = []
  for (let step = at; step !== undefined; step = step.parent) {
    names.unshift(step.name.length <= 64 && mayShow(step.name) ? step.name.replaceAll('~', '~0').replaceAll('/', '~1') : `(key ${step.index})`)
  }
  return names.map((name) => `/${name}`).join('')
}

function jsonOf (value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || !('toJSON' in value)) return value
  return typeof value.toJSON === 'function' ? (value.toJSON as (key: string) => unknown)(name) : value
}

/** Bytes that stand as numbers: `[12, 34, ...]`, or `{"0": 12, "1": 34, ...}` as JSON writes a `Uint8Array`. */
function bytesOf (part: object): Buffer | undefined {
  const first = (part as Readonly<Record<string, unknown>>)[0]
  if (!isByte(first)) return undefined
  const values: readonly unknown[] = Object.values(part)
  return values.length >= minBytes && values.every(isByte) ? Buffer.from(values as number[]) : undefined
}

function isByte (value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
}
