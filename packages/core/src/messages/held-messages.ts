import type { Clock } from '../clock.ts'
import type { Did } from '../did.ts'
import type { MessageEnvelope } from '../envelope.ts'

/** A message that waits to be handed on. */
export interface HeldMessage {
  readonly envelope: MessageEnvelope
  /** How many nodes may still pass it on after this one. */
  readonly hops: number
  /** Who has it already. */
  readonly given: Set<Did>
  /** It stood in an answer to its recipient, and is gone when that asks again. */
  isOffered: boolean
}

const maxBytes = 64 << 20
const maxBytesOfOne = 16 << 20
const maxMessages = 8_192
const maxSeen = 65_536

/** Messages in memory, of limited number, size and age, and which were here before. The oldest gives way to none: a full store takes no more. */
export class HeldMessages {
  readonly #clock: Pick<Clock, 'now'>
  readonly #held = new Map<string, HeldMessage>()
  readonly #bytesOf = new Map<Did, number>()
  /** When it expires, of those whose recipient has them. */
  readonly #delivered = new Map<string, number>()
  #bytes = 0

  constructor (clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  get count (): number { return this.#held.size }

  /** Whether its recipient has it, as far as this node has seen. */
  isDelivered (id: string): boolean {
    return this.#delivered.has(id)
  }

  get (id: string): HeldMessage | undefined {
    return this.#held.get(id)
  }

  /** Those for a recipient, the oldest first. */
  for (to: Did): readonly HeldMessage[] {
    return this.all().filter(({ envelope }) => envelope.header.to === to)
  }

  all (): readonly HeldMessage[] {
    for (const [id, { envelope }] of this.#held) if (envelope.header.expiresAt <= this.#clock.now()) this.drop(id)
    return [...this.#held.values()]
  }

  /** Resolves to whether there was room. */
  add (id: string, message: HeldMessage): boolean {
    const { origin, bytes: { length } } = message.envelope
    if (this.#isFull(origin, length)) this.all()                                    // which drops what has expired
    if (this.#isFull(origin, length)) return false
    this.#held.set(id, message)
    this.#count(origin, length)
    return true
  }

  drop (id: string): void {
    const message = this.#held.get(id)
    if (message === undefined) return
    this.#held.delete(id)
    this.#count(message.envelope.origin, -message.envelope.bytes.length)
  }

  /** Its recipient has it: it is not carried again. */
  delivered (id: string, { header: { expiresAt } }: MessageEnvelope): void {
    this.drop(id)
    this.#delivered.set(id, expiresAt)
    for (const [id, expiresAt] of this.#delivered) {
      if (this.#delivered.size <= maxSeen && expiresAt > this.#clock.now()) return
      this.#delivered.delete(id)
    }
  }

  #isFull (origin: Did, length: number): boolean {
    return this.#held.size >= maxMessages || this.#bytes + length > maxBytes || (this.#bytesOf.get(origin) ?? 0) + length > maxBytesOfOne
  }

  #count (origin: Did, length: number): void {
    this.#bytes += length
    const left = (this.#bytesOf.get(origin) ?? 0) + length
    if (left > 0) this.#bytesOf.set(origin, left)
    else this.#bytesOf.delete(origin)
  }
}
