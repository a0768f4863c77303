import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  decodeDigest, decodePull, encodeDigest, encodeReceipt, maxRequestBytes, splitItems, type Did, type EnvelopeReceiver,
  type LinkSource, type NodeControl
} from '@akshi/core'
import { expectType, readBody } from './body.ts'
import { listItems, readListQuery } from './item-list.ts'
import { writeItems } from './item-stream.ts'
import { readJsonPush, type JsonPush } from './item-view.ts'
import { takesPacked } from './packing.ts'
import { sendBytes, sendJson } from './reply.ts'
import { badRequest } from './request-error.ts'

/** One request on a mesh route. */
export interface MeshCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  /** Trusted, and proven by the connection. */
  readonly peer: Did
}

/** Answers a call. Rejects with what `sendError` takes. */
export type MeshRoute = (call: MeshCall) => Promise<void>

/** By path, then by method. */
export type MeshRoutes = ReadonlyMap<string, Readonly<Partial<Record<string, MeshRoute>>>>

export interface MeshRoutesOptions {
  readonly receiver: EnvelopeReceiver
  readonly control: Pick<NodeControl, 'convergence'>
  readonly meshId: string
}

/** Items in one push; a receipt lists no more. */
const maxBatch = 10_000
const maxPullItems = 10_000

/** The routes that carry sync; docs/protocol.md has their bodies. On bare node:http, because express costs more than the work. */
export function meshRoutes ({ receiver, control, meshId }: MeshRoutesOptions): MeshRoutes {
  const push: MeshRoute = async ({ request, response, peer }) => {
    const type = expectType(request, 'application/cbor-seq', 'application/json')
    const body = await readBody(request, maxRequestBytes)
    if (type === 'application/json') return sendJson(response, 200, await pushJson(receiver, readJsonPush(body), peer))
    const receipt = await receiver.receive(bounded(splitItems(body)), source(peer))
    sendBytes(response, 'application/cbor', encodeReceipt(receipt))
  }
  const digest: MeshRoute = async ({ request, response, peer }) => {
    expectType(request, 'application/cbor')
    const theirs = decodeDigest(await readBody(request, maxRequestBytes))
    sendBytes(response, 'application/cbor', encodeDigest(await receiver.digest(theirs, source(peer))))
  }
  const pull: MeshRoute = async ({ request, response, peer }) => {
    expectType(request, 'application/cbor')
    const { want, options } = decodePull(await readBody(request, maxRequestBytes))
    const items = receiver.serve(want, { ...options, limit: Math.min(options.limit, maxPullItems) }, source(peer))
    await writeItems(response, items, takesPacked(request.headers['accept-encoding']))
  }
  const list: MeshRoute = async ({ response, query, peer }) => {
    sendJson(response, 200, { envelopes: await listItems(receiver, source(peer), readListQuery(query), meshId) })
  }
  const convergence: MeshRoute = async ({ response, query, peer }) => {
    sendJson(response, 200, control.convergence(query.get('agent') ?? undefined, peer))
  }
  return new Map([
    ['/api/v1/sync/envelopes', { GET: list, POST: push }],
    ['/api/v1/sync/digest', { POST: digest }],
    ['/api/v1/sync/pull', { POST: pull }],
    ['/api/v1/sync/convergence', { GET: convergence }]
  ])
}

async function pushJson (receiver: EnvelopeReceiver, { peerId, batch }: JsonPush, peer: Did): Promise<object> {
  if (peerId !== undefined && peerId !== peer) throw badRequest(`"peer_id" is ${peerId.slice(0, 80)}, but the certificate is that of ${peer}.`)
  const { verdicts } = await receiver.receive(bounded(batch), source(peer))
  const accepted = verdicts.filter(({ status }) => status === 'stored' || status === 'duplicate').length
  return { accepted, rejected: verdicts.length - accepted, results: verdicts }
}

function bounded (batch: readonly Uint8Array[]): readonly Uint8Array[] {
  if (batch.length > maxBatch) throw badRequest(`A push has at most ${maxBatch} envelopes and snapshots, not ${batch.length}.`)
  return batch
}

function source (did: Did): LinkSource {
  return { kind: 'peer', did }
}
