import { readChange, type ChangeHeader } from '../../automerge/change.ts'
import { sameBytes } from '../../bytes.ts'
import type { JournalEnvelope, StateEnvelope } from '../../envelope.ts'
import { describeError } from '../../errors.ts'
import { hexOf } from './hex.ts'
import { isActorOf } from './state-actor.ts'

/** The most operations in one change of a state document; a string counts one for each character. */
export const maxStateOps = 100_000

/** An envelope that may come into the document, with what its change says about itself. */
export interface Candidate {
  readonly envelope: StateEnvelope
  readonly change: ChangeHeader
  /** The envelope's id, hex. */
  readonly id: string
  /** The change's hash, hex. */
  readonly hash: string
  /** Its origin is not admitted, but somebody who is builds on it. */
  readonly vouched: boolean
  /** It is in its feed's file already. */
  readonly stored: boolean
}

/** The envelope as a candidate, or why it cannot be one, by what can be said without knowing any other. Nothing unfolds. */
export function readCandidate (envelope: JournalEnvelope, journal: string, { vouched = false, stored = false } = {}): Candidate | string {
  const { header, payload, origin } = envelope
  if (header.part !== 'state' || header.journal !== journal) return `it does not belong to the state of journal ${journal}`
  try {
    const change = readChange(payload, { maxOps: maxStateOps })
    if (header.heads.length !== 1 || !sameBytes(header.heads[0], change.hash)) return 'its change is not the one its header names'
    if (!sameBytes(header.actor, change.actor)) return 'its change is by another actor than its header names'
    if (!isActorOf(change.actor, origin)) return 'its actor is not one of its origin'
    return { envelope: { ...envelope, header }, change, id: hexOf(envelope.id), hash: hexOf(change.hash), vouched, stored }
  } catch (error) {
    return `its payload is not a change: ${describeError(error)}`
  }
}
