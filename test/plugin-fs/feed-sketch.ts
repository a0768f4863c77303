import type { Tip } from '@akshi/core'
import { FeedPaths } from '../../packages/plugin-fs/src/feed-paths.ts'
import type { Place, Point } from '../../packages/plugin-fs/src/feed-points.ts'

export interface SketchOptions {
  /** The last envelope that both paths have. */
  readonly branch?: number
  /** Envelopes that fill a segment, so many entries each. Default 4. */
  readonly perSegment?: number
}

/** The files of a feed, sketched: `5` is an envelope, `s4` a snapshot up to the fourth; `5'` is on a second path. */
export function sketch (files: string, options: SketchOptions = {}): FeedPaths {
  return new FeedPaths(words(files).map((file) => placeOf(file, options)))
}

/** The points in a sketch, as somebody names them who has them. */
export function tipsOf (points: string): Tip[] {
  return words(points).map((point) => ({ seq: parseInt(point), id: new Uint8Array(Buffer.from(idOf(point), 'hex')) }))
}

/** Tips or points as they are sketched. */
export function draw (points: readonly (Tip | Point)[]): string {
  return points.map(({ id }) => Buffer.from(typeof id === 'string' ? id : Buffer.from(id).toString('hex'), 'hex').toString()).join(' ')
}

function placeOf (file: string, { branch = 0, perSegment = 4 }: SketchOptions): Place {
  const point = file.replace('s', '')
  const seq = parseInt(point)
  const side = point.endsWith("'") && seq - 1 > branch ? "'" : ''
  return {
    name: file,
    kind: file.startsWith('s') ? 'snapshot' : 'envelope',
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
