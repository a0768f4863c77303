import {
  decodeDigest, decodePull, decodeReceipt, encodeDigest, encodePull, encodeReceipt, MeshError,
  type Address, type Did, type Digest, type Link, type LinkSource, type PullOptions, type Random, type Range, type Receipt
} from '@akshi/core'
import { exchange, type Answer } from './exchange.ts'
import { unreachable, type Host, type MemoryNetwork } from './memory-network.ts'
import type { MessageKind } from './traffic.ts'

/** A link over a `MemoryNetwork`. What goes over it is encoded, so neither end sees the other's objects, and bytes count. */
export class MemoryLink implements Link {
  readonly #network: MemoryNetwork
  readonly #from: Did
  readonly #addresses: () => readonly Address[]
  readonly #to: Did
  readonly #isOpen: () => boolean

  constructor (network: MemoryNetwork, from: Did, addresses: () => readonly Address[], to: Did, isOpen: () => boolean = () => true) {
    this.#network = network
    this.#from = from
    this.#addresses = addresses
    this.#to = to
    this.#isOpen = isOpen
  }

  get #source (): LinkSource { return { kind: 'peer', did: this.#from } }

  async push (batch: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt> {
    const order = this.#order(batch.length)
    const sent = order.map((index) => batch[index] as Uint8Array)
    const { parts } = await this.#ask('push', sent, async ({ receiver }) => [encodeReceipt(await receiver.receive(sent.map(copy), this.#source))], signal)
    const { verdicts, have } = decodeReceipt(parts[0] as Uint8Array)
    return { verdicts: batch.map((_, index) => verdicts[order.indexOf(index)] as Receipt['verdicts'][number]), have }
  }

  async digest (mine: Digest, signal: AbortSignal): Promise<Digest> {
    const asked = encodeDigest(mine)
    const { parts } = await this.#ask('digest', [asked], async ({ receiver }) => [encodeDigest(await receiver.digest(decodeDigest(asked), this.#source))], signal)
    return decodeDigest(parts[0] as Uint8Array)
  }

  async * pull (want: readonly Range[], options: PullOptions, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const asked = encodePull(want, options)
    const { parts, broken } = await this.#ask('pull', [asked], async ({ receiver }) => {
      const decoded = decodePull(asked)
      const items: Uint8Array[] = []
      for await (const item of receiver.serve(decoded.want, decoded.options, this.#source)) items.push(copy(item))
      return items
    }, signal)
    yield * parts
    if (broken !== undefined) throw broken
  }

  async close (): Promise<void> {}

  async #ask (kind: MessageKind, parts: readonly Uint8Array[], perform: (host: Host) => Promise<readonly Uint8Array[]>, signal: AbortSignal): Promise<Answer> {
    if (!this.#isOpen()) throw new MeshError('MESH_NOT_RUNNING', 'The transport in memory was stopped.')
    const found = this.#addresses().map((address) => this.#network.atAddress(address))
    if (!found.includes(this.#to) && found.length > 0) throw new MeshError('MESH_PEER_MISMATCH', `Another node answers at the address of ${this.#to}.`)
    if (found.length === 0) throw unreachable(this.#to, 'no address of it is known')
    const admitted = async (host: Host) => {
      if (host.receiver.admits(this.#from)) return await perform(host)
      throw new MeshError('MESH_NOT_TRUSTED', `${this.#to} does not trust ${this.#from}.`)
    }
    return await exchange(this.#network, { from: this.#from, to: this.#to, kind, parts, perform: admitted, signal })
  }

  /** The order in which the items of a push arrive. */
  #order (count: number): number[] {
    const { uniform } = this.#network.chance(this.#from, this.#to)
    const order = [...Array(count).keys()]
    return uniform() < this.#network.conditions(this.#from, this.#to).reorder ? shuffle(order, { uniform }) : order
  }
}

function copy (bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function shuffle (order: number[], { uniform }: Pick<Random, 'uniform'>): number[] {
  return order.map((index) => ({ index, place: uniform() })).sort((a, b) => a.place - b.place).map(({ index }) => index)
}
