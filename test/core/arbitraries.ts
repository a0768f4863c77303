import fc from 'fast-check'
import type { EnvelopeHeader, JournalHeader } from '../../packages/core/src/envelope.ts'
import { createIdentity } from '../../packages/core/src/identity.ts'
import type { FeedId, FeedState, PullOptions, Range, Tip, Verdict } from '../../packages/core/src/transport.ts'
import { feedKey } from '../../packages/core/src/wire.ts'

/** Identities that properties share: making one costs more than using it. */
export const identities = [createIdentity(), createIdentity(), createIdentity()] as const

export const uint = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER))
export const byteString = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
export const journalName = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/)
export const part = fc.constantFrom('log' as const, 'state' as const)

const feedFields = {
  kind: fc.constant('journal' as const),
  journal: journalName,
  seq: uint.map((seq) => Math.max(1, seq)),
  prev: byteString(32),
  actor: byteString(16),
  heads: fc.array(byteString(32), { maxLength: 64 }),
  at: uint
}
const journalHeader: fc.Arbitrary<JournalHeader> = fc.oneof(
  fc.record({ ...feedFields, part: fc.constant('log' as const), segment: uint, entries: uint }),
  fc.record({ ...feedFields, part: fc.constant('state' as const) })
).map((header) => header.seq === 1 ? { ...header, prev: undefined } : header)

export const header: fc.Arbitrary<EnvelopeHeader> = fc.oneof(journalHeader, fc.record({ kind: fc.constant('announcement' as const), seq: uint, at: uint }))

export const feedId: fc.Arbitrary<FeedId> = fc.record({ journal: journalName, part, origin: fc.constantFrom(...identities.map(({ did }) => did)) })

export const tips: fc.Arbitrary<Tip[]> = fc.array(fc.record({ seq: uint, id: byteString(32) }), { maxLength: 4 })

export const feedStates: fc.Arbitrary<FeedState[]> = fc.uniqueArray(fc.record({
  feed: feedId,
  tips,
  heads: fc.array(byteString(32), { maxLength: 4 }),
  closed: fc.constant(true)
}, { requiredKeys: ['feed', 'tips', 'heads'] }), { selector: ({ feed }) => feedKey(feed), maxLength: 8 })

export const verdict: fc.Arbitrary<Verdict> = fc.record({
  status: fc.constantFrom('stored', 'duplicate', 'gap', 'untrusted', 'refused', 'failed'),
  reason: fc.string({ maxLength: 1_000 })
}, { requiredKeys: ['status'] })

export const range: fc.Arbitrary<Range> = fc.record({ feed: feedId, have: tips, skip: tips }, { requiredKeys: ['feed', 'have'] })

export const pullOptions: fc.Arbitrary<PullOptions> = fc.record({ limit: uint, newestFirst: fc.boolean() }, { requiredKeys: ['limit'] })
