import * as Automerge from '@automerge/automerge'
import { readChange } from './change.ts'

/** Entries in one segment document, at most. */
export const maxSegmentEntries = 4096
const maxChunkEntries = 256
const maxPendingPatches = 1_000

/** Entries that stand together in one list. */
interface Run { readonly list: string, readonly from: number, count: number, readonly firstEntry: number }
/** The end of an actor's lists. */
interface End { chunk: number, list: string, length: number }

/** What the first change of a segment says about it. */
export interface SegmentRoot {
  readonly journal: string
  /** Head of the segment before; none for the first. */
  readonly previousHead: Uint8Array | undefined
}

/**
 * One Automerge document of a log: lists of at most 256 JSON strings under root keys `<actor8>/<chunk3>`, written and
 * read through the document's handle, so that an append costs the same at any length. A feed is a chain of these.
 */
export class Segment {
  readonly number: number
  /** Who `append` writes as, 16 bytes. Never the same in two lives of a process. */
  readonly actor: Uint8Array
  readonly #handle: ReturnType<typeof Automerge.getBackend>
  readonly #ends = new Map<string, End>()
  readonly #runs: Run[] = []
  #count = 0
  #patches = 0

  constructor (number: number, actor: Uint8Array) {
    this.number = number
    this.actor = actor
    this.#handle = Automerge.getBackend(Automerge.init({ actor: Buffer.from(actor).toString('hex') }))
  }

  /** Entries in the document. */
  get count (): number { return this.#count }

  /** Automerge heads, 32 bytes each. */
  get heads (): readonly Uint8Array[] {
    return this.#handle.getHeads().map((head) => new Uint8Array(Buffer.from(head, 'hex')))
  }

  /** Appends texts as one change of this segment's actor; storing it is the caller's business. `root` is written with the first. */
  append (texts: readonly string[], atSecs: number, root: SegmentRoot): { change: Uint8Array, head: Uint8Array } {
    if (texts.length === 0) throw new TypeError('append needs at least one text')
    if (this.#count === 0) this.#describe(root)
    const end = this.#endOf(actorName(this.actor))
    let { list, length, chunk } = end
    for (const text of texts) {
      if (length >= maxChunkEntries) {
        list = this.#handle.putObject('_root', chunkKey(actorName(this.actor), ++chunk), [])
        length = 0
      }
      this.#handle.insert(list, length++, text, 'str')
    }
    this.#handle.commit(null, atSecs)
    const change = this.#handle.getLastLocalChange()
    if (change === null) throw new Error('Automerge has made no change')
    this.#absorb(end, actorName(this.actor))
    return { change, head: readChange(change).hash }
  }

  /**
   * Applies changes of one actor, in feed order. Throws what Automerge throws, or `RangeError` when the last change is not
   * the document's head afterwards (it passes over what it cannot read); the document is then not to be used any more.
   */
  apply (actor: Uint8Array, changes: readonly Uint8Array[]): void {
    this.#handle.loadIncremental(Buffer.concat(changes))
    const { hash } = readChange(changes.at(-1) ?? new Uint8Array(0))
    const heads = this.#handle.getHeads()
    if (heads.length !== 1 || heads[0] !== Buffer.from(hash).toString('hex')) throw new RangeError('the change was not taken into the document')
    this.#absorb(this.#endOf(actorName(actor)), actorName(actor))
  }

  /** Texts of the entries `from` to before `to`, in feed order. */
  read (from: number, to: number): string[] {
    const texts: string[] = []
    for (const { list, from: first, count, firstEntry } of this.#runs) {
      const last = Math.min(to, firstEntry + count)
      for (let entry = Math.max(from, firstEntry); entry < last; entry++) {
        texts.push(String(this.#handle.get(list, first + entry - firstEntry)))
      }
    }
    return texts
  }

  /** Frees the WASM memory; the segment is not to be used any more. */
  free (): void {
    this.#handle.free()
  }

  #describe ({ journal, previousHead }: SegmentRoot): void {
    this.#handle.put('_root', 'v', 1, 'uint')
    this.#handle.put('_root', 'journal', journal, 'str')
    this.#handle.put('_root', 'segment', this.number, 'uint')
    if (previousHead !== undefined) this.#handle.put('_root', 'prev', previousHead, 'bytes')
  }

  #endOf (name: string): End {
    let end = this.#ends.get(name)
    if (end === undefined) this.#ends.set(name, end = { chunk: -1, list: '', length: maxChunkEntries })
    return end
  }

  /** Notes what an actor's lists hold since the last look. */
  #absorb (end: End, name: string): void {
    for (;;) {
      if (end.length >= maxChunkEntries) {
        const next = this.#handle.getWithType('_root', chunkKey(name, end.chunk + 1))
        if (next?.[0] !== 'list') return
        Object.assign(end, { chunk: end.chunk + 1, list: next[1], length: 0 })
      }
      const length = this.#handle.length(end.list)
      this.#note(end, length - end.length)
      end.length = length
      if (length < maxChunkEntries) return
    }
  }

  #note ({ list, length }: End, added: number): void {
    if (added <= 0) return
    const last = this.#runs.at(-1)
    if (last !== undefined && last.list === list && last.from + last.count === length) last.count += added
    else this.#runs.push({ list, from: length, count: added, firstEntry: this.#count })
    this.#count += added
    this.#patches += added
    if (this.#patches < maxPendingPatches) return
    this.#handle.updateDiffCursor()     // the handle collects patches that nobody will ask for
    this.#patches = 0
  }
}

function actorName (actor: Uint8Array): string {
  return Buffer.from(actor.subarray(0, 4)).toString('hex')
}

function chunkKey (name: string, chunk: number): string {
  return `${name}/${String(chunk).padStart(3, '0')}`
}
