import type { Random } from '@akshi/core'

/** A change to a file's bytes. */
export type Change =
  | { readonly kind: 'write', readonly offset: number, readonly bytes: Uint8Array }
  | { readonly kind: 'truncate', readonly size: number }

const pageBytes = 512

/**
 * The bytes of a file twice: as programs see them (the page cache) and as the disk has them, with the changes between.
 *
 * After a power cut each write may be there, wholly, up to some byte, in some of its pages, as a longer file with zeros in it,
 * or not at all, whatever became of the writes before it. Changes of length are kept in order, as journaling file systems do: what was written after a cut
 * is not there without the cut.
 */
export class FaultyInode {
  #cached: Buffer
  #durable: Buffer
  #pending: { readonly number: number, readonly change: Change }[] = []
  #changes = 0

  constructor (cached: Uint8Array = Buffer.alloc(0), durable: Uint8Array = cached) {
    this.#cached = Buffer.from(cached)
    this.#durable = Buffer.from(durable)
  }

  get cached (): Buffer { return this.#cached }

  change (change: Change): void {
    this.#cached = changed(this.#cached, change)
    this.#pending.push({ number: ++this.#changes, change })
  }

  /** The changes up to now, to be given to `commit` or `lose` when their sync ends. */
  mark (): number {
    return this.#changes
  }

  /** A sync succeeded: the changes up to the mark are on the disk. */
  commit (mark: number): void {
    for (const { number, change } of this.#pending) if (number <= mark) this.#durable = changed(this.#durable, change)
    this.#pending = this.#pending.filter(({ number }) => number > mark)
  }

  /** A sync failed: what was written up to the mark never gets to the disk, though programs still see it (as on Linux). */
  lose (mark: number): void {
    this.#pending = this.#pending.filter(({ number, change }) => number > mark || change.kind === 'truncate')
  }

  /** The disk itself changed: nobody wrote this. */
  tamper (edit: (bytes: Buffer) => Buffer): void {
    this.#cached = edit(this.#cached)
    this.#durable = edit(this.#durable)
  }

  /** The file as another process finds it. */
  copy (): FaultyInode {
    const copy = new FaultyInode(this.#cached, this.#durable)
    copy.#pending = [...this.#pending]
    copy.#changes = this.#changes
    return copy
  }

  /** The file as found after a power cut. */
  afterPowerCut (random: Random): FaultyInode {
    let found = this.#durable
    for (const { change } of this.#pending) {
      if (change.kind === 'truncate' && random.uniform() < 0.5) break
      for (const part of survivors(change, found.length, random)) found = changed(found, part)
    }
    return new FaultyInode(found)
  }
}

function changed (bytes: Buffer, change: Change): Buffer {
  if (change.kind === 'truncate') return Buffer.concat([bytes], change.size)
  const result = Buffer.concat([bytes], Math.max(bytes.length, change.offset + change.bytes.length))
  result.set(change.bytes, change.offset)
  return result
}

function survivors (change: Change, size: number, random: Random): Change[] {
  if (change.kind === 'truncate') return [change]
  const fate = Math.floor(random.uniform() * 5)
  if (fate === 0) return []
  if (fate === 1) return [change]
  if (fate === 2) return [{ ...change, bytes: change.bytes.subarray(0, Math.floor(random.uniform() * change.bytes.length)) }]
  if (fate === 3 && change.offset >= size) return [{ ...change, bytes: Buffer.alloc(change.bytes.length) }]
  return pagesOf(change.offset, change.bytes).filter(() => random.uniform() < 0.5)
}

/** A write cut at the borders of pages. */
function pagesOf (offset: number, bytes: Uint8Array): Change[] {
  const pages: Change[] = []
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + pageBytes - (offset + at) % pageBytes)
    pages.push({ kind: 'write', offset: offset + at, bytes: bytes.subarray(at, end) })
    at = end
  }
  return pages
}
