import {
  decodeDigest, decodeReceipt, encodeDigest, encodeRanges, feedKey, isMeshError, maxRequestBytes, MeshError, splitEnvelopes,
  type Digest, type FeedState, type Link, type Range, type Receipt
} from '@akshi/core'
import type { PeerClient } from './peer-client.ts'

/** A link to one peer over its mesh routes. Errors as `Link` says; an answer that makes no sense is `MESH_SEND_FAILED`. */
export class PeerLink implements Link {
  readonly #client: PeerClient
  readonly #onClose: () => void

  constructor (client: PeerClient, onClose: () => void) {
    this.#client = client
    this.#onClose = onClose
  }

  /** A batch larger than a request may be goes out in several, one after the other. */
  async push (batch: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt> {
    const receipts: Receipt[] = []
    for (const part of splitBatch(batch)) receipts.push(await this.#pushPart(part, signal))
    return mergeReceipts(receipts)
  }

  async digest (mine: Digest, signal: AbortSignal): Promise<Digest> {
    const answer = await this.#client.request({
      method: 'POST', path: '/api/v1/sync/digest', type: 'application/cbor', body: encodeDigest(mine), accept: 'application/cbor'
    }, signal)
    return understand(() => decodeDigest(answer))
  }

  /** Yields once the whole answer is here; the peer keeps it within `maxRequestBytes`, so there may be more to ask for. */
  async * pull (want: readonly Range[], limit: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const answer = await this.#client.request({
      method: 'POST', path: '/api/v1/sync/pull', type: 'application/cbor', body: encodeRanges(want, limit), accept: 'application/cbor-seq'
    }, signal)
    yield * understand(() => splitEnvelopes(answer))
  }

  async close (): Promise<void> {
    this.#onClose()
    await this.#client.close()
  }

  async #pushPart (part: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt> {
    const answer = await this.#client.request({
      method: 'POST', path: '/api/v1/sync/envelopes', type: 'application/cbor-seq', body: Buffer.concat(part), accept: 'application/cbor'
    }, signal)
    const receipt = understand(() => decodeReceipt(answer))
    if (receipt.verdicts.length === part.length) return receipt
    throw new MeshError('MESH_SEND_FAILED', `The peer answered ${part.length} envelopes with ${receipt.verdicts.length} verdicts. It is tried again.`)
  }
}

function * splitBatch (batch: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let part: Uint8Array[] = []
  let size = 0
  for (const bytes of batch) {
    if (part.length > 0 && size + bytes.length > maxRequestBytes) {
      yield part
      part = []
      size = 0
    }
    part.push(bytes)
    size += bytes.length
  }
  if (part.length > 0) yield part
}

/** What a peer has of a feed is what it said last. */
function mergeReceipts (receipts: readonly Receipt[]): Receipt {
  const have = new Map<string, FeedState>()
  for (const receipt of receipts) for (const state of receipt.have) have.set(feedKey(state.feed), state)
  return { verdicts: receipts.flatMap(({ verdicts }) => verdicts), have: [...have.values()] }
}

function understand<Value> (decode: () => Value): Value {
  try {
    return decode()
  } catch (cause) {
    if (!isMeshError(cause)) throw cause
    throw new MeshError('MESH_SEND_FAILED', `The peer's answer makes no sense. ${cause.message}`, { cause })
  }
}
