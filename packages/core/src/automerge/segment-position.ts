import { noLists, type ListEnd } from './append-plan.ts'

/** What the first change of a segment says about it. */
export interface SegmentRoot {
  readonly journal: string
  /** Number of the segment in its log, from 0. */
  readonly segment: number
  /** Head of the segment before; none for segment 0. */
  readonly previousHead: Uint8Array | undefined
}

/** How far a segment has come; never changed. */
export interface SegmentPosition {
  readonly head: Uint8Array | undefined
  readonly changes: number
  readonly entries: number
  readonly textBytes: number
  /** Of the last entry, also of one in an earlier segment. */
  readonly lastEntryId: string | undefined
  /** Counter of the last operation. */
  readonly lastOp: number
  /** Who wrote last, the number of its last change, and where its lists end. */
  readonly actor: Uint8Array | undefined
  readonly seq: number
  readonly end: ListEnd
}

/** Before the first change. */
export function startOfSegment (lastEntryId: string | undefined): SegmentPosition {
  return { head: undefined, changes: 0, entries: 0, textBytes: 0, lastEntryId, lastOp: 0, actor: undefined, seq: 0, end: noLists }
}

/** Keys of the root in the order in which the first change writes them. */
export function rootKeys ({ previousHead }: Pick<SegmentRoot, 'previousHead'>): readonly string[] {
  return previousHead === undefined ? ['v', 'journal', 'segment'] : ['v', 'journal', 'segment', 'prev']
}

/** Throws `RangeError` for another version, or a predecessor that should or should not be there. */
export function checkRoot (version: number, root: SegmentRoot): SegmentRoot {
  if (version !== 1) throw new RangeError(`its root is of version ${version}; this one knows 1`)
  if ((root.segment === 0) !== (root.previousHead === undefined)) throw new RangeError('its root names a predecessor, or none, against its number')
  return root
}
