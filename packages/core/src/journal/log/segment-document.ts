import * as Automerge from '@automerge/automerge'
import type { SegmentRoot } from '../../automerge/segment-rules.ts'

const maxListEntries = 256
const maxPendingPatches = 1_000

/**
 * The Automerge document of a segment, written through its handle so that an append costs the same at any length. A handle
 * that threw is not to be used any more.
 */
export class SegmentDocument {
  /** Who `append` writes as, 16 bytes. Never the same for two handles. */
  readonly actor: Uint8Array
  readonly #handle: ReturnType<typeof Automerge.getBackend>
  #list: string | undefined
  #lists = 0
  #length = 0
  #patches = 0
  #wrote = false
  #isStale = false

  constructor (actor: Uint8Array) {
    this.actor = actor
    this.#handle = Automerge.getBackend(Automerge.init({ actor: hex(actor) }))
  }

  /** True when another actor has written after this one: it would no longer write one turn, so it is not to write again. */
  get isStale (): boolean { return this.#isStale }

  /** Throws what Automerge throws on bytes that are not a document whose changes and heads fit. */
  load (document: Uint8Array, patches: number): void {
    this.#handle.loadIncremental(document)
    this.#note(patches)
  }

  /** Head of the document. Throws `RangeError` unless there is exactly one. */
  get head (): Uint8Array {
    const heads = this.#handle.getHeads()
    if (heads.length !== 1) throw new RangeError(`the document has ${heads.length} heads`)
    return new Uint8Array(Buffer.from(heads[0] ?? '', 'hex'))
  }

  /** Appends texts as one change; `root` begins the document. */
  append (texts: readonly string[], atSecs: number, root: SegmentRoot | undefined): Uint8Array {
    if (root !== undefined) this.#describe(root)
    for (const text of texts) {
      if (this.#list === undefined || this.#length >= maxListEntries) this.#list = this.#addList()
      this.#handle.insert(this.#list, this.#length++, text, 'str')
    }
    this.#wrote = true
    this.#handle.commit(null, atSecs)
    const change = this.#handle.getLastLocalChange()
    if (change === null) throw new Error('Automerge has made no change')
    this.#note(texts.length)
    return change
  }

  /** Applies changes in order. Throws what Automerge throws, or `RangeError` when the document does not end with `head` (it passes over what it cannot read). */
  apply (changes: readonly Uint8Array[], head: Uint8Array, patches: number): void {
    this.#handle.loadIncremental(changes.length === 1 ? changes[0] as Uint8Array : Buffer.concat(changes))
    const heads = this.#handle.getHeads()
    if (heads.length !== 1 || heads[0] !== hex(head)) throw new RangeError('the change was not taken into the document')
    this.#isStale = this.#wrote
    this.#note(patches)
  }

  has (hash: Uint8Array): boolean {
    return this.#handle.getChangeByHash(hex(hash)) !== null
  }

  /** All changes, each after the one that it depends on. */
  changes (): Uint8Array[] {
    return this.#handle.getChanges([])
  }

  /** The document chunk, with no column compressed. */
  save (): Uint8Array {
    return this.#handle.saveNoCompress()
  }

  free (): void {
    this.#handle.free()
  }

  #describe ({ journal, segment, previousHead }: SegmentRoot): void {
    this.#handle.put('_root', 'v', 1, 'uint')
    this.#handle.put('_root', 'journal', journal, 'str')
    this.#handle.put('_root', 'segment', segment, 'uint')
    if (previousHead !== undefined) this.#handle.put('_root', 'prev', previousHead, 'bytes')
  }

  #addList (): string {
    this.#length = 0
    return this.#handle.putObject('_root', `${hex(this.actor.subarray(0, 4))}/${String(this.#lists++).padStart(3, '0')}`, [])
  }

  /** The handle collects patches that nobody will ask for. */
  #note (patches: number): void {
    this.#patches += patches
    if (this.#patches < maxPendingPatches) return
    this.#handle.updateDiffCursor()
    this.#patches = 0
  }
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
