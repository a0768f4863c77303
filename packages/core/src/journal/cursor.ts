import { CborReader, encodeCbor } from '../cbor.ts'
import type { Anchor } from './log/strands.ts'

/** What somebody has read of a journal: for each origin, a place on each path of its feed. */
export type Cursor = ReadonlyMap<string, readonly Anchor[]>

const read = new CborReader('MESH_REQUEST_INVALID', 'The cursor')
/** Anchors of one origin, at most. */
export const maxAnchors = 64

/** CBOR in base64url: a map of origin to lists of count and id. It means the same on every node. */
export function encodeCursor (cursor: Cursor): string {
  const fields = [...cursor].filter(([, anchors]) => anchors.length > 0).map(([origin, anchors]) => [origin, anchors.map(({ count, lastId }) => [count, lastId])] as const)
  return Buffer.from(encodeCbor(new Map(fields))).toString('base64url')
}

/** Throws `MESH_REQUEST_INVALID`. */
export function decodeCursor (text: string): Map<string, readonly Anchor[]> {
  const fields = read.map(read.decode(Buffer.from(text, 'base64url')), 'it')
  return new Map([...fields].map(([origin, anchors]) => [read.text(origin, 'origin', 64), read.list(anchors, 'anchors', maxAnchors).map((anchor) => {
    const [count, lastId] = read.tuple(anchor, 'an anchor', 2)
    return { count: read.uint(count, 'count'), lastId: read.text(lastId, 'an entry id', 26) }
  })]))
}
