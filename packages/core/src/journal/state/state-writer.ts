import { readChange, type ChangeHeader } from '../../automerge/change.ts'
import { sealEnvelope, type Envelope, type StateHeader } from '../../envelope.ts'
import { describeError, MeshError } from '../../errors.ts'
import type { Identity } from '../../identity.ts'
import { maxStateOps, readCandidate, type Candidate } from './candidate.ts'
import type { ChangeNode } from './change-graph.ts'
import type { StateHistory } from './state-history.ts'

/** Whose changes they are, and for which document. */
export interface Writer {
  readonly identity: Identity
  readonly meshId: string
  readonly journal: string
}

/**
 * Lets `edit` change the state and seals what comes of it: one envelope, after those that first join heads where there are
 * more than one change can build on; none when nothing changed. The history holds them then, unstored.
 *
 * @throws MeshError `MESH_ENTRY_TOO_LARGE`, and what `edit` throws.
 */
export function writeChange (history: StateHistory, writer: Writer, last: ChangeNode | undefined, edit: (draft: never) => unknown, at: number): Candidate[] {
  const atSecs = Math.floor(at / 1000)
  const made: Candidate[] = []
  let prev = last
  const add = (payload: Uint8Array): Candidate => {
    const candidate = seal(writer, prev, payload, at)
    const { ready } = history.resolve([candidate])
    if (ready.length === 0) throw new MeshError('MESH_ENTRY_INVALID', `The change cannot be written: ${history.reasonFor(candidate)}.`)
    prev = history.nodeOf(candidate.id)
    made.push(candidate)
    return candidate
  }
  for (let join = history.join(prev, atSecs); join !== undefined; join = history.join(prev, atSecs)) history.apply([add(join)])
  const change = history.edit(edit, atSecs)
  if (change === undefined) return []
  add(change)
  return made
}

function seal ({ identity, meshId, journal }: Writer, prev: ChangeNode | undefined, payload: Uint8Array, at: number): Candidate {
  const { hash, actor } = measure(payload)
  const place = prev === undefined ? { seq: 1, prev: undefined } : { seq: prev.feedSeq + 1, prev: new Uint8Array(Buffer.from(prev.candidate.id, 'hex')) }
  const candidate = readCandidate(sealFitting(identity, meshId, { kind: 'journal', journal, part: 'state', ...place, actor, heads: [hash], at }, payload), journal)
  if (typeof candidate === 'string') throw new MeshError('MESH_ENTRY_INVALID', `The change cannot be written: ${candidate}.`)
  return candidate
}

function measure (payload: Uint8Array): ChangeHeader {
  try {
    return readChange(payload, { maxOps: maxStateOps })
  } catch (cause) {
    throw tooLarge(cause)
  }
}

function sealFitting (identity: Identity, meshId: string, header: StateHeader, payload: Uint8Array): Envelope<StateHeader> {
  try {
    return sealEnvelope(identity, meshId, header, payload)
  } catch (cause) {
    throw tooLarge(cause)
  }
}

function tooLarge (cause: unknown): MeshError {
  return new MeshError('MESH_ENTRY_TOO_LARGE',
    `The change is too large to be sent: ${describeError(cause)}. Make several smaller changes, and store long texts and files elsewhere: a string takes an operation for each character.`, { cause })
}
