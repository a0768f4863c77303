import type { EntryView } from '../../control.ts'
import { idOfText, readEntry } from '../entry.ts'
import type { LogFeed } from './log-feed.ts'
import type { LogSegment } from './log-segment.ts'

/** A place on a path: how many entries stand before it, and the id of the last of them. */
export interface Anchor {
  readonly count: number
  readonly lastId: string
}

/** An entry and the number of entries of its path up to and with it. */
export interface PlacedEntry {
  readonly count: number
  readonly entry: EntryView
}

/** A part of a feed that is one sequence: a path from where it leaves another one, or from the feed's start, to its end. */
export class Strand {
  readonly feed: LogFeed
  readonly #segments: readonly LogSegment[]

  constructor (feed: LogFeed, segments: readonly LogSegment[]) {
    this.feed = feed
    this.#segments = segments
  }

  /** Number of its first entry on the path, from 0. */
  get from (): number {
    const first = this.#segments[0]
    return (first?.after.entries ?? 0) + (first?.shared.entries ?? 0)
  }

  get to (): number {
    return this.#segments.at(-1)?.tip.entries ?? 0
  }

  /** True when an anchor is on this strand. */
  async holds ({ count, lastId }: Anchor): Promise<boolean> {
    return count > this.from && count <= this.to && await this.#idBefore(count) === lastId
  }

  /** True when nothing before it is missing. */
  get isAttached (): boolean {
    const first = this.#segments[0]
    return first !== undefined && this.feed.tree.isAttached(first)
  }

  has (segment: LogSegment): boolean {
    return this.#segments.includes(segment)
  }

  /** The anchor of somebody who has read so many entries of the path. */
  async anchorAt (count: number): Promise<Anchor | undefined> {
    const lastId = await this.#idBefore(count)
    return lastId === undefined ? undefined : { count, lastId }
  }

  /** The segment whose end or middle this strand goes on from. */
  get origin (): LogSegment | undefined {
    const [first] = this.#segments
    const { with: name } = first?.shared ?? {}
    return name === undefined ? first?.parent : this.feed.tree.all.find((segment) => segment.name === name)
  }

  /** Entries from a place to the end, or backwards from the end to the place, in pages. What is no entry is left out. */
  async * pages (from: number, reverse: boolean): AsyncGenerator<PlacedEntry[]> {
    const segments = reverse ? this.#segments.toReversed() : this.#segments
    for (const segment of segments) {
      const first = segment.after.entries + segment.shared.entries
      if (segment.tip.entries <= from) continue
      const texts = (await this.feed.load(segment))?.texts
      if (texts === undefined && !reverse) return                          // what comes after would be taken for read when it is back
      if (texts === undefined) continue
      for (const [start, end] of pagesOf(Math.max(from, first) - segment.after.entries, Math.min(texts.length, segment.count), reverse)) {
        const page = texts.slice(start, end).flatMap((text, at) => {
          const entry = readEntry(text, this.feed.id.origin)
          return entry === undefined ? [] : { count: segment.after.entries + start + at + 1, entry }
        })
        yield reverse ? page.reverse() : page
      }
    }
  }

  async #idBefore (count: number): Promise<string | undefined> {
    const segment = this.#segments.find(({ after, tip }) => count > after.entries && count <= tip.entries)
    const text = segment === undefined ? undefined : (await this.feed.load(segment))?.texts[count - segment.after.entries - 1]
    return text === undefined ? undefined : idOfText(text)
  }
}

/** The strands of a feed: a path goes on with its first continuation, every other one begins a strand. */
export function strandsOf (feed: LogFeed): Strand[] {
  const strands: Strand[] = []
  for (const segment of feed.tree.all) {
    if (segment.parent?.children[0] === segment && segment.shared.entries === 0) continue
    const chain = [segment]
    for (let next = segment.children[0]; next !== undefined; next = next.children[0]) {
      if (next.shared.entries > 0) break
      chain.push(next)
    }
    strands.push(new Strand(feed, chain))
  }
  return strands
}

/** What somebody has seen who has these anchors. */
export interface Seen {
  /** How many entries of each strand, and of the path before it. */
  readonly counts: ReadonlyMap<Strand, number>
  /** Anchors on paths that are not here, or not here from their start. */
  readonly elsewhere: readonly Anchor[]
}

/** Who has seen an entry has seen all before it on its path, so also the part that another strand shares with it. */
export async function seenOf (strands: readonly Strand[], anchors: readonly Anchor[]): Promise<Seen> {
  const seen = new Map<Strand, number>()
  const elsewhere: Anchor[] = []
  for (const anchor of anchors) {
    let strand: Strand | undefined
    for (const each of strands) if (strand === undefined && await each.holds(anchor)) strand = each
    if (strand?.isAttached !== true) elsewhere.push(anchor)
    for (let { count } = anchor; strand !== undefined; count = Math.min(count, strand.from), strand = strandWith(strands, strand.origin)) {
      seen.set(strand, Math.max(count, seen.get(strand) ?? 0))
    }
  }
  return { counts: seen, elsewhere }
}

function strandWith (strands: readonly Strand[], segment: LogSegment | undefined): Strand | undefined {
  return segment === undefined ? undefined : strands.find((strand) => strand.has(segment))
}

const pageEntries = 256

function * pagesOf (from: number, to: number, reverse: boolean): Generator<[number, number]> {
  for (let done = 0; done < to - from; done += pageEntries) {
    yield reverse ? [Math.max(from, to - done - pageEntries), to - done] : [from + done, Math.min(to, from + done + pageEntries)]
  }
}
