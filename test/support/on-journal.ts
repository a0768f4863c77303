import type { OutgoingEnvelope, OutgoingJournalItem } from '@akshi/core'

/** A tap of `beforeEnvelopeSend` that is asked about journals only. */
export function onJournal<Result> (tap: (item: OutgoingJournalItem) => Result): (envelope: OutgoingEnvelope) => Result | undefined {
  return (envelope) => envelope.kind === 'journal' ? tap(envelope) : undefined
}
