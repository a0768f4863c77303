import type { JournalEnvelope } from '@akshi/core'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import type { MadeLogEnvelope } from './log-material.ts'
import { alpha, hex, journal, meshId } from './material.ts'
import { arrivalOf, temporaryStore } from './stores.ts'

/** Envelopes as they come in, by name, from a folder that begins empty. */
const orders: readonly (readonly string[])[] = [
  ['first', 'second', 'third', 'fourth', 'backup', 'backup, later'],
  ['first', 'backup', 'backup, later', 'second', 'third', 'fourth'],
  ['first', 'second', 'first', 'third', 'third'],
  ['second', 'first', 'third', 'second', 'third'],
  ['first', 'backup, later', 'second', 'fourth']
]

export function describeEnvelope ({ header, payload, id, origin, bytes }: JournalEnvelope) {
  const protectedHeader = bytes.subarray(4, bytes.length - 66 - payload.length - (payload.length < 256 ? 2 : 3) - 1)
  const sigStructure = encodeCbor(['Signature1', protectedHeader, Buffer.from(`akshi-mesh/envelope/v1\0${meshId}`), payload])
  return {
    origin,
    header: { ...header, prev: header.prev === undefined ? null : hex(header.prev), actor: hex(header.actor), heads: header.heads.map(hex) },
    payload: hex(payload),
    protectedHeader: hex(protectedHeader),
    sigStructure: hex(sigStructure),
    signature: hex(bytes.subarray(-64)),
    id: hex(id),
    bytes: hex(bytes)
  }
}

/** A forked feed, and what a receiver says of its envelopes in some orders. */
export async function describeFeed (log: readonly MadeLogEnvelope[]) {
  return {
    mesh: meshId,
    journal,
    origin: alpha.did,
    envelopes: log.map(({ name, after, texts, envelope: { header: { seq, segment, entries, heads }, id, bytes } }) => ({
      name, after, seq, segment, entries, head: hex(heads[0] ?? id), id: hex(id), texts, bytes: hex(bytes)
    })),
    arrivals: await Promise.all(orders.map((order) => arrive(log, order)))
  }
}

/** Gives envelopes one at a time to a new store. */
async function arrive (log: readonly MadeLogEnvelope[], order: readonly string[]) {
  await using store = await temporaryStore()
  const feed = await store.openLog()
  const nameOf = (id: string) => log.find(({ envelope }) => hex(envelope.id) === id)?.name ?? id
  const given = []
  for (const name of order) {
    const { envelope } = log.find((each) => each.name === name) as MadeLogEnvelope
    const [verdict] = await feed.accept([arrivalOf(envelope.bytes)])
    given.push({ envelope: name, verdict: verdict?.status })
  }
  const tips = feed.state.tips.map(({ id }) => nameOf(hex(id))).sort()
  await feed.close()
  return { given, tips, forks: store.forks.map(({ seq, ids }) => ({ seq, envelopes: ids.map(nameOf) })) }
}
