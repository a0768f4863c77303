import {
  decodeDigest, decodeReceipt, encodeDigest, encodePull, feedKey, isMeshError, isMessageItem, isSnapshot, maxRequestBytes, MeshError, readItems,
  type Address, type Digest, type FeedState, type Link, type PullOptions, type Range, type Receipt
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
    return await understand(() => decodeDigest(answer))
  }

  /** Yields each item as soon as it is here. The peer keeps the answer within `maxRequestBytes`, so there may be more to ask for. */
  async * pull (want: readonly Range[], options: PullOptions, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const answer = this.#client.stream({
      method: 'POST', path: '/api/v1/sync/pull', type: 'application/cbor', body: encodePull(want, options), accept: 'application/cbor-seq'
    }, signal)
    const items = readItems(answer)
    try {
      for (;;) {
        const { value, done } = await understand(() => items.next())
        if (done === true) return
        yield value
      }
    } finally {
      await items.return(undefined)                       // ends the request of a caller that has left
    }
  }

  onBreak (listener: () => void): void {
    this.#client.onBreak = listener
  }

  at (): Address | undefined {
    return this.#client.remote
  }

  async close (): Promise<void> {
    this.#onClose()
    await this.#client.close()
  }

  async #pushPart (part: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt> {
    const answer = await this.#client.request({
      method: 'POST',
      path: '/api/v1/sync/envelopes',
      type: 'application/cbor-seq',
      body: Buffer.concat(part),
      packs: !part.some((item) => isSnapshot(item) || isMessageItem(item)),     // which are deflated or sealed already
      accept: 'application/cbor'
    }, signal)
    const receipt = await understand(() => decodeReceipt(answer))
    if (receipt.verdicts.length === part.length) return receipt
    throw new MeshError('MESH_SEND_FAILED', `The peer answered ${part.length} items with ${receipt.verdicts.length} verdicts. It is tried again.`)
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

async function understand<Value> (decode: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await decode()
  } catch (cause) {
    if (!isMeshError(cause, 'MESH_ENVELOPE_INVALID') && !isMeshError(cause, 'MESH_REQUEST_INVALID')) throw cause
    throw new MeshError('MESH_SEND_FAILED', `The peer's answer makes no sense. ${cause.message}`, { cause })
  }
}
