import { createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homePaths, identityFromKey, peekEnvelope, type Envelope, type Identity, type JournalHeader } from '@akshi/core'
import { exchange } from './exchange.ts'
import type { Lab } from './lab.ts'

/** Envelopes 1, 2, ... of one feed. */
export type Feed = readonly [Envelope<JournalHeader>, Envelope<JournalHeader>, Envelope<JournalHeader>, Envelope<JournalHeader>]

/** Somebody whose key is trusted and who has envelopes that a real node made, to send or to spoil. */
export interface Mallory<Journal extends string> {
  readonly identity: Identity
  readonly feeds: Readonly<Record<Journal, Feed>>
}

/** Lets a node write four envelopes into each journal, ends it, and takes its key. */
export async function createMallory<Journal extends string> (lab: Lab, journals: readonly Journal[]): Promise<Mallory<Journal>> {
  const node = await lab.node('mallory')
  const identity = identityFromKey(createPrivateKey(await readFile(homePaths(node.home).key)))
  const feeds: Partial<Record<Journal, Feed>> = {}
  for (const journal of journals) {
    for (let n = 1; n <= 4; n++) await node.append(journal, `mallory ${n}`)
    const answer = await exchange(node.port, `/api/v1/sync/envelopes?agent=${journal}`, { as: identity })
    const { envelopes } = answer.json<{ envelopes: readonly { readonly payload: string }[] }>()
    feeds[journal] = envelopes.map(({ payload }) => peekEnvelope(new Uint8Array(Buffer.from(payload, 'base64')), lab.meshId)) as unknown as Feed
  }
  await node.stop()
  return { identity, feeds: feeds as Record<Journal, Feed> }
}
