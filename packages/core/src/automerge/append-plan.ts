/** Texts in one list, at most. */
export const maxListTexts = 256

/** Where the lists of the actor that wrote last end; before its first list `chunk` is -1 and the list counts as full. */
export interface ListEnd {
  readonly chunk: number
  /** Counter of the operation that made the newest list. */
  readonly list: number
  /** Texts in it. */
  readonly length: number
}

/** Neighbouring operations that append to one list. */
export interface AppendRun {
  readonly chunk: number
  readonly list: number
  /** The run's first operation makes the list. */
  readonly makesList: boolean
  /** Counters of the texts are `first`, `first + 1` and so on, and there are `count` of them. */
  readonly first: number
  readonly count: number
  /** Counter of the text before, or 0 at the head of the list. */
  readonly after: number
}

export const noLists: ListEnd = { chunk: -1, list: 0, length: maxListTexts }

/**
 * What `ops` operations of one actor from `firstOp` on must do if all they do is append: fill its newest list, make the next
 * when it is full, fill that. Nothing is left to choose, which is what makes log changes checkable by comparison.
 */
export function planAppend (end: ListEnd, firstOp: number, ops: number): { readonly runs: readonly AppendRun[], readonly end: ListEnd } {
  const runs: AppendRun[] = []
  let { chunk, list, length } = end
  for (let op = firstOp; op < firstOp + ops;) {
    const makesList = length === maxListTexts
    if (makesList) [chunk, list, length] = [chunk + 1, op++, 0]
    const count = Math.min(maxListTexts - length, firstOp + ops - op)
    runs.push({ chunk, list, makesList, first: op, count, after: length === 0 ? 0 : op - 1 })
    length += count
    op += count
  }
  return { runs, end: { chunk, list, length } }
}

/** As `planAppend`, for so many texts and the lists that they need. */
export function planTexts (end: ListEnd, firstOp: number, texts: number): ReturnType<typeof planAppend> {
  const lists = Math.ceil(Math.max(0, end.length + texts - maxListTexts) / maxListTexts)
  return planAppend(end, firstOp, texts + lists)
}

/** The root key of an actor's list. */
export function listKey (actorName: string, chunk: number): string {
  return `${actorName}/${String(chunk).padStart(3, '0')}`
}

/** The first four bytes of an actor in hex, which its lists are named by. */
export function actorNameOf (actor: Uint8Array): string {
  return Buffer.from(actor.subarray(0, 4)).toString('hex')
}
