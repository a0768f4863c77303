import type { Clock } from '../clock.ts'
import { withDeadline } from '../deadline.ts'
import type { Did } from '../did.ts'
import { describeError } from '../errors.ts'
import type { OutgoingMessage } from '../hooks.ts'
import { hexOf } from '../journal/state/hex.ts'
import type { Logger } from '../logger.ts'
import type { Decision } from '../sync/send-gate.ts'
import type { Receipt, Verdict } from '../transport.ts'
import type { HeldMessage, HeldMessages } from './held-messages.ts'
import { encodeMessageItem } from './message-item.ts'

/** The links of this node, as far as messages need them. */
export interface MessageLinks {
  /** Peers to whom a link works, those first that have brought something of `to`. */
  neighbours (to: Did): readonly Did[]
  /** Sends items beside whatever is under way; `undefined` if no link to the peer works. Rejects as `Link.push`. */
  send (to: Did, items: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt | undefined>
}

export interface HandingOptions {
  readonly own: Did
  readonly links: MessageLinks
  readonly gate: { decide (envelope: OutgoingMessage): Promise<Decision> }
  readonly clock: Clock
  readonly logger: Logger
}

/** A message to give to somebody now, and as what. */
export interface Handover {
  readonly id: string
  readonly message: HeldMessage
  readonly item: Uint8Array
}

/** Peers that get a message to carry from its origin, and from who carries it: that one has it from one of two already. */
const maxCarriers = { ofOwn: 3, ofOthers: 5 }
const maxBatch = 64
const maxBatchBytes = 4 << 20
const sendMs = 10_000

/** Gives held messages to peers: to the recipient where a link to it works, else to some that may meet it. */
export class MessageHanding {
  readonly #held: HeldMessages
  readonly #options: HandingOptions
  readonly #handing = new Map<Did, Promise<void>>()
  readonly #stopped = new AbortController()

  constructor (held: HeldMessages, options: HandingOptions) {
    this.#held = held
    this.#options = options
  }

  /** Whether something is on its way to a peer. */
  isBusyWith (did: Did): boolean {
    return this.#handing.has(did)
  }

  async stop (): Promise<void> {
    this.#stopped.abort()
    await Promise.allSettled(this.#handing.values())
  }

  /** Gives a message to its recipient if that can be met, or to others that may meet it. */
  async handOn ({ envelope: { header: { to } } }: HeldMessage): Promise<void> {
    const neighbours = this.#options.links.neighbours(to)
    await Promise.all((neighbours.includes(to) ? [to] : neighbours).map((did) => this.hand(did)))
  }

  /** Gives a peer what it is to have, one batch after the other. Resolves when it has that, or cannot be reached. */
  async hand (did: Did): Promise<void> {
    const before = this.#handing.get(did)
    const turn = (before ?? Promise.resolve()).then(() => this.#handAll(did)).catch((error: unknown) => {
      this.#options.logger.debug('messages did not get through', { to: did, reason: describeError(error) })
    })
    this.#handing.set(did, turn)
    await turn
    if (this.#handing.get(did) === turn) this.#handing.delete(did)
  }

  async #handAll (did: Did): Promise<void> {
    const { links, clock } = this.#options
    for (let batch = await this.batchFor(did); batch.length > 0; batch = await this.batchFor(did)) {
      const items = batch.map(({ item }) => item)
      const receipt = await withDeadline(clock, sendMs, 'handing messages on', (signal) => links.send(did, items, signal), this.#stopped.signal)
      if (receipt === undefined) return
      let isMoving = false
      receipt.verdicts.forEach((verdict, index) => { isMoving = this.#learn(did, batch[index] as Handover, verdict) || isMoving })
      if (!isMoving) return
    }
  }

  /** What goes to a peer now: messages for it, and those that it may carry. */
  async batchFor (did: Did): Promise<readonly Handover[]> {
    const { gate } = this.#options
    const batch: Handover[] = []
    let size = 0
    for (const message of this.#held.all()) {
      const { envelope: { id, origin, bytes, header: { to } } } = message
      if (!this.#isFor(did, message)) continue
      if (batch.length >= maxBatch || size + bytes.length > maxBatchBytes) break
      const { veto } = await gate.decide({ kind: 'a2a', from: origin, recipient: to, bytes, to: did })
      if (veto !== undefined) continue
      size += bytes.length
      batch.push({ id: hexOf(id), message, item: encodeMessageItem({ hops: did === to ? 0 : message.hops - 1, bytes }) })
    }
    return batch
  }

  #isFor (did: Did, { envelope: { origin, header: { to } }, hops, given }: HeldMessage): boolean {
    if (did === to) return true
    const most = origin === this.#options.own ? maxCarriers.ofOwn : maxCarriers.ofOthers
    if (hops === 0 || given.has(did) || did === origin) return false
    return given.size < most && !this.#options.links.neighbours(to).includes(to)
  }

  /** Resolves to whether something has changed by that, so that another round makes sense. */
  #learn (did: Did, { id, message }: Handover, { status, reason }: Verdict): boolean {
    const { envelope } = message
    const isTaken = status === 'stored' || status === 'duplicate'
    if (did !== envelope.header.to) {
      message.given.add(did)
      return true
    }
    if (isTaken) this.#held.delivered(id, envelope)
    if (status === 'refused') {
      this.#options.logger.warn('a message was refused by its recipient', { to: did, reason })
      this.#held.drop(id)
    }
    return isTaken || status === 'refused'
  }
}
