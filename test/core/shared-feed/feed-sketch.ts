import { FeedPaths } from '../../../packages/core/src/shared-feed/feed-paths.ts'
import type { FeedSpot } from '../../../packages/core/src/shared-feed/feed-spot.ts'
import type { Range, Tip } from '../../../packages/core/src/transport.ts'

export interface SketchOptions {
  /** The last envelope that both paths have. */
  readonly branch?: number
  /** Envelopes that fill a segment, so many entries each. Default 4. */
  readonly perSegment?: number
}

/** The items of a feed, sketched: `5` is an envelope, `s4` a snapshot up to the fourth; `5'` is on a second path. Each is its own key. */
export function sketch (items: string, options: SketchOptions = {}): FeedPaths {
  return new FeedPaths(spotsOf(items, options))
}

export function spotsOf (items: string, options: SketchOptions = {}): FeedSpot[] {
  return words(items).map((item) => spotAt(item, options))
}

/** What somebody wants who has the points in a sketch. */
export function rangeOf (have: string, skip = ''): Range {
  return { feed: { journal: 'notes', part: 'log', origin: 'did:key:z6Mk' }, have: tipsOf(have), skip: tipsOf(skip) }
}

/** Tips as they are sketched. */
export function draw (tips: readonly Tip[]): string {
  return tips.map(({ id }) => Buffer.from(id).toString()).join(' ')
}

function tipsOf (points: string): Tip[] {
  return words(points).map((point) => ({ seq: parseInt(point), id: new Uint8Array(Buffer.from(point)) }))
}

function spotAt (item: string, { branch = 0, perSegment = 4 }: SketchOptions): FeedSpot {
  const point = item.replace('s', '')
  const seq = parseInt(point)
  const side = point.endsWith("'") && seq - 1 > branch ? "'" : ''
  return {
    key: item,
    kind: item.startsWith('s') ? 'snapshot' : 'envelope',
    seq,
    id: idOf(point),
    prev: seq === 1 ? undefined : idOf(`${seq - 1}${side}`),
    segment: Math.floor((seq - 1) / perSegment),
    entries: seq * 4_096 / perSegment
  }
}

function idOf (point: string): string {
  return Buffer.from(point).toString('hex')
}

function words (text: string): string[] {
  return text === '' ? [] : text.split(' ')
}
