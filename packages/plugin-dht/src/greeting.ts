import { MeshError, type Clock, type Did } from '@akshi/core'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { Allowance } from './allowance.ts'
import type { Calls } from './calls.ts'
import { maxRecordBytes } from './dht-record.ts'
import { didFromPeerId, peerIdFromDid } from './peer-names.ts'

const greetingProtocol = '/akshi/hello/1.0.0'
const greetingMs = 3_000
const maxGreetingsPerSec = 50

/** `/akshi/hello/1.0.0`: two nodes show each other their records over one stream, each as a message with its length before it. */
export class Greeting {
  readonly #libp2p: Libp2p
  readonly #calls: Calls
  readonly #greeted: (from: Did, record: Uint8Array) => Uint8Array
  readonly #allowance: Allowance

  /** `greeted`: another node has shown its record, possibly empty, and gets what this returns. */
  constructor (libp2p: Libp2p, calls: Calls, greeted: (from: Did, record: Uint8Array) => Uint8Array, clock: Clock) {
    this.#libp2p = libp2p
    this.#calls = calls
    this.#greeted = greeted
    this.#allowance = new Allowance(maxGreetingsPerSec, clock)
  }

  /** From then on greetings are answered. */
  async answer (): Promise<void> {
    await this.#libp2p.handle(greetingProtocol, (stream, connection) => this.#answer(stream, connection), { maxInboundStreams: 8, maxOutboundStreams: 8 })
  }

  /** Shows a node this one's record. Resolves to what it shows in turn, possibly nothing. */
  async greet (did: Did, record: Uint8Array): Promise<Uint8Array> {
    return await this.#calls.within(greetingMs, `greeting ${did}`, async (signal) => {
      const stream = await this.#libp2p.dialProtocol(peerIdFromDid(did), greetingProtocol, { signal })
      return await closing(stream, signal, async () => {
        const messages = lpStream(stream, { maxDataLength: maxRecordBytes })
        await messages.write(record, { signal })
        return (await messages.read({ signal })).subarray()
      })
    })
  }

  async #answer (stream: Stream, { remotePeer }: Connection): Promise<void> {
    if (!this.#allowance.take()) return stream.abort(new MeshError('MESH_RATE_LIMITED', 'Too many greet this node.'))
    await this.#calls.within(greetingMs, 'answering a greeting', async (signal) => await closing(stream, signal, async () => {
      const did = didFromPeerId(remotePeer)
      const messages = lpStream(stream, { maxDataLength: maxRecordBytes })
      const record = (await messages.read({ signal })).subarray()
      await messages.write(did === undefined ? new Uint8Array() : this.#greeted(did, record), { signal })
    })).catch(() => {})                                                             // the other side knows
  }
}

/** Closes a stream when the work with it is done, and ends it at once when that fails. */
async function closing<Result> (stream: Stream, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  try {
    const result = await work()
    await stream.close({ signal })
    return result
  } catch (error) {
    stream.abort(error as Error)
    throw error
  }
}
