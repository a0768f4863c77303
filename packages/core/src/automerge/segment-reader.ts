import { actorNameOf, listKey, noLists, planAppend, type AppendRun, type ListEnd } from './append-plan.ts'
import { DocumentProof } from './document-proof.ts'
import { LogColumns } from './log-columns.ts'
import { LogValues } from './log-values.ts'
import { openDocument, type OpenDocument } from './segment-document.ts'
import { maxSegmentEntries, maxSegmentOps, maxSegmentTextBytes } from './segment-limits.ts'
import { checkRoot, rootKeys, type SegmentPosition, type SegmentRoot } from './segment-position.ts'

/** What a segment document says. */
export interface SegmentContent {
  readonly root: SegmentRoot
  /** In the order in which they were written. */
  readonly texts: readonly string[]
  readonly position: SegmentPosition
  /** What the lists of its actors are named by. */
  readonly actorNames: readonly string[]
  readonly proof: DocumentProof
}

/** A list, filled by one turn of its actor. */
interface List { readonly key: string, readonly actor: number, readonly run: AppendRun }

/**
 * Reads a segment document by its columns. All an actor does in its turn is append, so which operation is what follows from
 * the table of changes, and all columns but the values are compared with what they must be. Lists stand in the document in
 * the order in which they were made, and each is filled before the next is: the texts are in the order of their changes.
 *
 * @param lastEntryId of the entry before the segment, if that is known
 * @throws RangeError
 */
export function readSegment (bytes: Uint8Array, lastEntryId: string | undefined): SegmentContent {
  const document = openDocument(bytes)
  const values = new LogValues(document.opColumns, maxSegmentOps, lastEntryId)
  const listCount = values.countLists()
  values.skipLists(listCount)
  const root = readRoot(values)
  const actorNames = document.actors.map(actorNameOf)
  if (new Set(actorNames).size !== actorNames.length) throw new RangeError('two actors in it have the same name')
  const { lists, counts, end } = planLists(document, actorNames, rootKeys(root).length)
  if (lists.length !== listCount || values.rows !== document.lastOps.at(-1)) throw new RangeError('it has other operations than its changes say')
  columnsOf(lists, root).compare(document.opColumns)
  const proof = new DocumentProof({ document, root, texts: values.rest(), counts })
  const texts = readTexts(values, counts)
  return { root, texts, position: positionOf(document, texts.length, values, end), actorNames, proof }
}

function readRoot (values: LogValues): SegmentRoot {
  const journal = values.journal()
  const previousHead = values.isBytes() ? values.hash('prev') : undefined
  const segment = values.uint('segment')
  return checkRoot(values.uint('v'), { journal, segment, previousHead })
}

/** The lists that turns make and fill, and how many texts each change appends. */
function planLists ({ turns, lastOps }: OpenDocument, actorNames: readonly string[], rootOps: number): { lists: List[], counts: number[], end: ListEnd } {
  const lists: List[] = []
  let end = noLists
  for (const { actor, firstOp, lastOp } of turns) {
    const first = firstOp === 1 ? firstOp + rootOps : firstOp
    const plan = planAppend(noLists, first, lastOp + 1 - first)
    for (const run of plan.runs) lists.push({ key: listKey(actorNames[actor] as string, run.chunk), actor, run })
    end = plan.end
  }
  return { lists, counts: countTexts(lists, lastOps, rootOps), end }
}

function countTexts (lists: readonly List[], lastOps: readonly number[], rootOps: number): number[] {
  const made = lists.map(({ run }) => run.list)
  let [before, list] = [rootOps, 0]
  return lastOps.map((lastOp) => {
    let count = lastOp - before
    for (; (made[list] ?? Infinity) <= lastOp; list++) count--
    if (count <= 0 || made[list - 1] === lastOp) throw new RangeError('a change in it appends nothing')
    before = lastOp
    return count
  })
}

/** The columns of a document with these lists: first the root in the order of its keys, then list after list. */
function columnsOf (lists: readonly List[], root: SegmentRoot): LogColumns {
  const columns = new LogColumns('document')
  for (const { key, actor, run } of lists.toSorted((a, b) => a.key < b.key ? -1 : 1)) columns.makeList(key, actor, run.list)
  const first = lists[0]?.actor ?? 0
  const keys = rootKeys(root)
  for (const key of keys.toSorted()) columns.put(key, first, keys.indexOf(key) + 1)
  for (const { actor, run } of lists) columns.append(run, actor)
  return columns
}

function readTexts (values: LogValues, counts: readonly number[]): string[] {
  const count = counts.reduce((sum, each) => sum + each, 0)
  if (count > maxSegmentEntries) throw new RangeError(`it has ${count} entries, more than ${maxSegmentEntries}`)
  values.checkChanges(counts)
  const texts: string[] = []
  values.texts(count, texts, maxSegmentTextBytes)
  return texts
}

function positionOf (document: OpenDocument, entries: number, { textBytes, lastId }: LogValues, end: ListEnd): SegmentPosition {
  const { head, changes, turns, actors, lastOps } = document
  const turn = turns.at(-1)
  return {
    head,
    changes,
    entries,
    textBytes,
    lastEntryId: lastId,
    lastOp: lastOps.at(-1) ?? 0,
    actor: actors[turn?.actor ?? 0]?.slice(),
    seq: turn?.changes ?? 0,
    end
  }
}
