import { actorNameOf, type ListEnd } from './append-plan.ts'
import { DocumentProof } from './document-proof.ts'
import type { SegmentHistory } from './document-writer.ts'
import { LogValues } from './log-values.ts'
import { openDocument, type OpenDocument } from './segment-document.ts'
import { maxSegmentEntries, maxSegmentOps, maxSegmentTextBytes } from './segment-limits.ts'
import { columnsOf, planLists } from './segment-lists.ts'
import { checkRoot, rootKeys, type SegmentPosition, type SegmentRoot } from './segment-position.ts'

/** What a segment document says. */
export interface SegmentContent {
  readonly root: SegmentRoot
  /** In the order in which they were written. */
  readonly texts: readonly string[]
  readonly position: SegmentPosition
  readonly history: SegmentHistory
  readonly proof: DocumentProof
}

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
  const { lists, counts, end } = planLists(document.turns, document.lastOps, document.actors, rootKeys(root).length)
  if (lists.length !== listCount || values.rows !== document.lastOps.at(-1)) throw new RangeError('it has other operations than its changes say')
  columnsOf(lists, root).compare(document.opColumns)
  const proof = new DocumentProof({ document, root, texts: values.rest(), counts })
  const texts = readTexts(values, counts)
  return { root, texts, position: positionOf(document, texts.length, values, end), history: historyOf(document), proof }
}

function readRoot (values: LogValues): SegmentRoot {
  const journal = values.journal()
  const previousHead = values.isBytes() ? values.hash('prev') : undefined
  const segment = values.uint('segment')
  return checkRoot(values.uint('v'), { journal, segment, previousHead })
}

function readTexts (values: LogValues, counts: readonly number[]): string[] {
  const count = counts.reduce((sum, each) => sum + each, 0)
  if (count > maxSegmentEntries) throw new RangeError(`it has ${count} entries, more than ${maxSegmentEntries}`)
  values.checkChanges(counts)
  const texts: string[] = []
  values.texts(count, texts, maxSegmentTextBytes)
  return texts
}

/** A copy, which keeps none of the document's bytes. */
function historyOf ({ actors, turns, lastOps, times }: OpenDocument): SegmentHistory {
  return { actors: actors.map((actor) => actor.slice()), turns: turns.map((turn) => ({ ...turn })), lastOps: [...lastOps], times: [...times] }
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
