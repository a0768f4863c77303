import { newHandle, type Handle } from './engine.ts'

/** 16 bytes, of which the first four name the actor's lists. */
export const actor = (number: number): Uint8Array => new Uint8Array(16).fill(number)

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** The id of the entry with this number: ids ascend with it. */
export function entryId (number: number): string {
  let digits = ''
  for (let left = number; digits.length < 25; left = Math.floor(left / 32)) digits = alphabet.charAt(left % 32) + digits
  return `0${digits}`
}

/** The text of the entry with this number. */
export function entry (number: number, body: unknown = 'x'): string {
  return `{"id":"${entryId(number)}","kind":"note","body":${JSON.stringify(body)}}`
}

/** As many entries, numbered from `from`. */
export function entries (count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, index) => entry(from + index))
}

/** Writes a segment as the project does, by Automerge: one actor in lists of 256 at most. */
export class LogWriter {
  readonly handle: Handle
  readonly #name: string
  #list = ''
  #chunk = -1
  #length = 256

  constructor (as: Uint8Array) {
    this.handle = newHandle(as)
    this.#name = Buffer.from(as.subarray(0, 4)).toString('hex')
  }

  /** The list that is written now. */
  get list (): string { return this.#list }

  /** The first keys of a segment; they belong to the next change. */
  begin (root: { readonly v?: number, readonly journal?: string, readonly segment?: number, readonly prev?: Uint8Array } = {}): this {
    const { v = 1, journal = 'notes', segment = 0, prev } = root
    this.handle.put('_root', 'v', v, 'uint')
    this.handle.put('_root', 'journal', journal, 'str')
    this.handle.put('_root', 'segment', segment, 'uint')
    if (prev !== undefined) this.handle.put('_root', 'prev', prev, 'bytes')
    return this
  }

  /** One change of these texts. */
  append (texts: readonly string[], atSecs = 1_700_000_000): Uint8Array {
    for (const text of texts) {
      if (this.#length === 256) this.makeList()
      this.handle.insert(this.#list, this.#length++, text, 'str')
    }
    return this.commit(atSecs)
  }

  makeList (): string {
    this.#length = 0
    this.#list = this.handle.putObject('_root', `${this.#name}/${String(++this.#chunk).padStart(3, '0')}`, [])
    return this.#list
  }

  /** Whatever was done on the handle, as one change. */
  commit (atSecs = 1_700_000_000, message: string | null = null): Uint8Array {
    this.handle.commit(message, atSecs)
    const change = this.handle.getLastLocalChange()
    if (change === null) throw new Error('nothing was changed')
    return change
  }

  /** Takes in what others wrote. */
  follow (changes: readonly Uint8Array[]): this {
    this.handle.loadIncremental(Buffer.concat(changes))
    return this
  }
}

/** All texts of a document as Automerge reads it, list by list in the order in which the lists were made. */
export function readTexts (handle: Handle, keys: readonly string[]): string[] {
  return keys.flatMap((key) => {
    const list = handle.getWithType('_root', key)?.[1] ?? ''
    return Array.from({ length: handle.length(list) }, (_, index) => String(handle.get(list, index)))
  })
}
