import * as Automerge from '@automerge/automerge'
import { readChange } from '../automerge/change.ts'
import { maxLogChangeOps } from '../automerge/segment-limits.ts'
import { SegmentRules, type LogChange, type OpenedSegment } from '../automerge/segment-rules.ts'
import { sameBytes } from '../bytes.ts'
import type { LogEnvelope } from '../envelope.ts'
import { describeError } from '../errors.ts'
import { inflateDocument, type Snapshot } from '../snapshot.ts'
import { SegmentChain, type Start } from './segment-chain.ts'
import { BadItem, hex } from './verification.ts'

const idStart = '{"id":"'.length
const idLength = 26

/**
 * Verifies the log of one origin in one journal: every item against what stands before it, so that must come first. What a
 * snapshot goes on from may be missing; what an envelope goes on from may not. Holds two segments' worth of a path at a time.
 */
export class LogVerifier {
  readonly #chains = new Map<number, SegmentChain[]>()
  readonly #entryIds = new Map<number, Set<string>>()
  /** Heads of the ends of all paths, hex. */
  readonly #ends = new Set<string>()
  readonly #notes: string[] = []
  #entries = 0

  /** Entries, each once. */
  get entries (): number { return this.#entries }
  get forks (): number { return Math.max(0, this.#ends.size - 1 - this.#notes.length) }
  get notes (): readonly string[] { return this.#notes }

  /** Throws `BadItem`. The signature was checked. */
  async addEnvelope (envelope: LogEnvelope): Promise<void> {
    const id = hex(envelope.id)
    if (this.#knows(envelope.header.segment, id)) return this.#noteAgain(envelope)
    const chain = await this.#chainBefore(envelope)
    const change = checkChange(envelope, chain)
    if (chain.tip !== undefined) this.#ends.delete(hex(chain.tip.head))
    chain.add(change, id)
    this.#note(chain, change.hash, change.texts)
  }

  /** Throws `BadItem`. The signature of its proof was checked. */
  async addSnapshot (snapshot: Snapshot): Promise<void> {
    const { proof: { header } } = snapshot
    const opened = await openDocument(snapshot)
    if (this.#knows(header.segment, hex(snapshot.proof.id))) return
    const start = await this.#startOf(snapshot, opened)
    if (start?.lastEntryId !== undefined && firstId(opened) <= start.lastEntryId) throw new BadItem('its entries do not follow those before it')
    if (start !== undefined) this.#ends.delete(hex(start.head))
    const chain = SegmentChain.ofSnapshot(snapshot, start, opened.rules)
    this.#note(chain, opened.head, opened.texts)
    for (const { tip } of this.#at(header.segment)) {
      if (tip !== undefined && !sameBytes(tip.head, opened.head) && await chain.upTo(tip.head) !== undefined) this.#ends.delete(hex(tip.head))
    }
  }

  #knows (segment: number, id: string): boolean {
    return this.#at(segment).some(({ points }) => points.has(id))
  }

  /** An envelope that is there twice, as the proof of a snapshot and by itself, joins what leads up to it. */
  #noteAgain ({ header: { segment, prev } }: LogEnvelope): void {
    if (prev === undefined) return
    for (const { points } of this.#at(segment)) this.#ends.delete(hex(points.get(hex(prev))?.head ?? prev))
  }

  #at (number: number): readonly SegmentChain[] {
    return this.#chains.get(number) ?? []
  }

  #note (chain: SegmentChain, head: Uint8Array, texts: readonly string[]): void {
    const { number } = chain
    if (!this.#at(number).includes(chain)) this.#chains.set(number, [...this.#at(number), chain])
    const known = this.#entryIds.get(number) ?? new Set()
    const before = known.size
    for (const text of texts) known.add(text.slice(idStart, idStart + idLength))
    this.#entryIds.set(number, known)
    this.#entries += known.size - before
    this.#ends.add(hex(head))
    this.#chains.delete(number - 2)
    this.#entryIds.delete(number - 2)
  }

  /** The chain that ends with the envelope before this one. */
  async #chainBefore ({ header: { seq, prev, segment }, payload }: LogEnvelope): Promise<SegmentChain> {
    if (prev === undefined) return new SegmentChain(0, undefined)
    const id = hex(prev)
    const growing = this.#at(segment).find(({ tipId }) => tipId === id)
    if (growing !== undefined) return growing
    const before = this.#at(segment - 1).find(({ points }) => points.has(id))
    if (before !== undefined) return new SegmentChain(segment, checkSeq(before.points.get(id), seq))
    const { head, begins } = headBefore(payload)
    for (const chain of this.#at(begins ? segment - 1 : segment)) {
      // Of what is inside a snapshot no id is known; everything else was found by its id.
      const prefix = head === undefined || chain.identifies(head) ? undefined : await chain.upTo(head)
      if (prefix?.tip?.seq === seq - 1) return begins ? new SegmentChain(segment, prefix.tip) : prefix
    }
    throw new BadItem(`envelope ${seq - 1}, which it goes on from, is not there`)
  }

  /** Where a snapshot's segment goes on from. */
  async #startOf ({ proof: { header } }: Snapshot, { root, changes, texts }: OpenedSegment): Promise<Start> {
    const [seq, entries] = [header.seq - changes, header.entries - texts.length]
    const head = root.previousHead
    if (head === undefined) {
      if (seq !== 0 || entries !== 0) throw new BadItem('it does not count what is before it right')
      return undefined
    }
    for (const chain of this.#at(header.segment - 1)) {
      const point = sameBytes(chain.tip?.head, head) ? chain.tip : (await chain.upTo(head))?.tip
      if (point === undefined) continue
      if (point.seq !== seq || point.entries !== entries) throw new BadItem('it does not count what is before it right')
      return point
    }
    this.#notes.push(`segment ${header.segment} waits for the ones before it (envelope ${seq})`)
    return { seq, entries, head, lastEntryId: undefined }
  }
}

/** Whether an envelope holds the one change that it names, and one that its segment may take next. */
function checkChange ({ header, payload }: LogEnvelope, chain: SegmentChain): LogChange {
  const change = tryTo('its change is not one that a log may take', () => chain.check(payload))
  const { root } = change
  if (header.segment !== chain.number) throw new BadItem(`it is of segment ${header.segment}, where ${chain.number} was due`)
  if (header.seq !== (chain.tip?.seq ?? 0) + 1) throw new BadItem(`it is envelope ${header.seq}, where ${(chain.tip?.seq ?? 0) + 1} was due`)
  if (header.heads.length !== 1 || !sameBytes(header.heads[0], change.hash)) throw new BadItem('its change is not the one its header names')
  if (!sameBytes(header.actor, change.actor)) throw new BadItem('its change is by another actor than its header names')
  if (header.entries !== (chain.tip?.entries ?? 0) + change.texts.length) throw new BadItem('it does not count its entries right')
  if (root !== undefined && (root.journal !== header.journal || root.segment !== header.segment || !sameBytes(root.previousHead, chain.start?.head))) {
    throw new BadItem('its segment begins as another one')
  }
  return change
}

/** Unfolds a snapshot's document within bounds, and lets Automerge say whether it ends as its proof says. */
async function openDocument (snapshot: Snapshot): Promise<OpenedSegment> {
  const { proof: { header } } = snapshot
  const bytes = await inflateDocument(snapshot).catch((cause: unknown) => { throw new BadItem(describeError(cause), {}, { cause }) })
  const opened = tryTo('its document is not one that a log may have', () => SegmentRules.ofDocument(bytes))
  const { root, head } = opened
  if (root.journal !== header.journal || root.segment !== header.segment) throw new BadItem('its document is of another journal or segment than its proof')
  if (header.heads.length !== 1 || !sameBytes(head, header.heads[0])) throw new BadItem('its document does not end where its proof says')
  if (!sameBytes(tryTo('Automerge refuses its document', () => headOf(bytes)), head)) throw new BadItem('its document ends with another head than it says')
  return opened
}

/** The head of a document as Automerge reads it. Throws what Automerge throws, or `RangeError` when there are several. */
function headOf (document: Uint8Array): Uint8Array {
  const handle = Automerge.getBackend(Automerge.init())
  try {
    handle.loadIncremental(document)
    const heads = handle.getHeads()
    if (heads.length !== 1) throw new RangeError(`it has ${heads.length} heads`)
    return new Uint8Array(Buffer.from(heads[0] ?? '', 'hex'))
  } finally {
    handle.free()
  }
}

/** What a change goes on from: the head of its own segment, or of the one before when it begins one. */
function headBefore (payload: Uint8Array): { head: Uint8Array | undefined, begins: boolean } {
  return tryTo('its change is not one that a log may take', () => {
    const [head] = readChange(payload, { maxOps: maxLogChangeOps }).deps
    return head === undefined ? { head: new SegmentRules().check(payload).root?.previousHead, begins: true } : { head, begins: false }
  })
}

function checkSeq (point: Start, seq: number): Start {
  if (point?.seq !== seq - 1) throw new BadItem(`it is envelope ${seq}, where ${(point?.seq ?? 0) + 1} was due`)
  return point
}

function firstId ({ texts: [first = ''] }: OpenedSegment): string {
  return first.slice(idStart, idStart + idLength)
}

function tryTo<Result> (what: string, task: () => Result): Result {
  try {
    return task()
  } catch (cause) {
    throw new BadItem(`${what}: ${describeError(cause)}`, {}, { cause })
  }
}
