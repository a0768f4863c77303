import { hexOf } from '../journal/state/hex.ts'
import type { Did } from '../did.ts'
import { sealEnvelope, type MessageEnvelope } from '../envelope.ts'
import { describeError, MeshError } from '../errors.ts'
import type { Identity } from '../identity.ts'
import type { LinkSource, Verdict } from '../transport.ts'
import { HeldMessages, type HeldMessage } from './held-messages.ts'
import { MessageHanding, type HandingOptions } from './message-handing.ts'
import { maxHops, parseMessageItem } from './message-item.ts'
import type { IncomingMessage, Messages, SentMessage } from './messages.ts'

export interface MessageCarrierOptions extends Omit<HandingOptions, 'own'> {
  readonly identity: Identity
  readonly meshId: string
  readonly trusts: (did: Did) => boolean
}

const maxLifeMs = 8 * 86_400_000
const skewMs = 3_600_000

/**
 * Carries messages of this node and of others: to their recipient over a link to it, in the answer when it asks, or through peers that
 * may meet it. Everything is in memory: the origin sends again what nobody answers.
 */
export class MessageCarrier implements Messages {
  readonly #options: MessageCarrierOptions
  readonly #held: HeldMessages
  readonly #out: MessageHanding
  #take: ((message: IncomingMessage) => Promise<void>) | undefined

  constructor (options: MessageCarrierOptions) {
    this.#options = options
    this.#held = new HeldMessages(options.clock)
    this.#out = new MessageHanding(this.#held, { ...options, own: options.identity.did })
  }

  /** Messages that wait here. */
  get count (): number { return this.#held.count }

  receive (take: (message: IncomingMessage) => Promise<void>): () => void {
    if (this.#take !== undefined) throw new TypeError('Another plugin takes messages already')
    this.#take = take
    return () => { this.#take = undefined }
  }

  async send (to: Did, payload: Uint8Array, expiresAt: number): Promise<SentMessage> {
    const { identity, meshId, trusts, clock } = this.#options
    if (!trusts(to)) throw new MeshError('MESH_NOT_TRUSTED', `${to} is not trusted here, so it gets no messages. If it should, run: akshi trust ${to}`)
    const envelope = sealEnvelope(identity, meshId, { kind: 'a2a', to, at: clock.now(), expiresAt }, payload)
    const id = hexOf(envelope.id)
    const message: HeldMessage = { envelope, hops: maxHops, given: new Set(), isOffered: false }
    if (!this.#held.add(id, message)) throw new MeshError('MESH_RATE_LIMITED', 'Too many messages wait here for nodes that cannot be met. They are tried again later.')
    await this.#out.handOn(message)
    return { handing: this.#held.isDelivered(id) ? 'delivered' : message.given.size > 0 ? 'carried' : 'held', recall: () => this.#recall(id) }
  }

  /** Takes what a peer brings: for this node, or to carry it on. Never rejects. */
  async take (bytes: Uint8Array, from: LinkSource): Promise<Verdict> {
    if (from.kind !== 'peer') return refused('messages come from peers only')
    try {
      const { hops, envelope, verified } = parseMessageItem(bytes, this.#options.meshId)
      const problem = this.#problemOf(envelope)
      if (problem !== undefined) return problem
      const id = hexOf(envelope.id)
      if (this.#held.isDelivered(id)) return { status: 'duplicate' }
      if (!verified()) return refused('the signature does not fit (altered, or signed for another mesh)')
      return envelope.header.to === this.#options.identity.did ? await this.#deliver(id, envelope) : this.#carry(id, { envelope, hops, given: new Set([from.did, envelope.origin]), isOffered: false })
    } catch (error) {
      return refused(describeError(error))
    }
  }

  /** What one who asks, and to whom no link works, is to have; taken to have come when it asks again. */
  async offersFor (did: Did): Promise<readonly Uint8Array[]> {
    for (const { isOffered, envelope } of this.#held.for(did)) if (isOffered) this.#held.delivered(hexOf(envelope.id), envelope)
    const batch = await this.#out.batchFor(did)
    for (const { message } of batch) if (message.envelope.header.to === did) message.isOffered = true
    return batch.filter(({ message }) => message.isOffered).map(({ item }) => item)
  }

  /** A peer has come anew: it may not have got the last answer. */
  introduced (did: Did): void {
    for (const message of this.#held.for(did)) message.isOffered = false
  }

  /** A link to a peer works: what is for it goes now, and what it may carry. */
  met (did: Did): void {
    this.#out.hand(did).catch(() => {})
  }

  async stop (): Promise<void> {
    await this.#out.stop()
  }

  #recall (id: string): boolean {
    const message = this.#held.get(id)
    const isNobodys = message !== undefined && message.given.size === 0 && !message.isOffered && !this.#out.isBusyWith(message.envelope.header.to)
    if (isNobodys) this.#held.drop(id)
    return isNobodys
  }

  #problemOf ({ origin, header: { to, expiresAt } }: MessageEnvelope): Verdict | undefined {
    const { clock, trusts, identity } = this.#options
    if (expiresAt <= clock.now()) return refused('it has expired')
    if (expiresAt > clock.now() + maxLifeMs + skewMs) return refused('it lives too long')
    if (!trusts(origin)) return { status: 'untrusted', reason: `waiting for trust in ${origin}` }
    return to === identity.did || trusts(to) ? undefined : refused(`${to} is not trusted here, so nothing is carried to it`)
  }

  async #deliver (id: string, envelope: MessageEnvelope): Promise<Verdict> {
    if (this.#take === undefined) return refused('nobody here takes messages (@akshi/plugin-a2a does)')
    try {
      await this.#take({ from: envelope.origin, payload: envelope.payload })
      this.#held.delivered(id, envelope)
      return { status: 'stored' }
    } catch (error) {
      return { status: 'failed', reason: describeError(error) }
    }
  }

  #carry (id: string, message: HeldMessage): Verdict {
    const known = this.#held.get(id)
    if (known === undefined && !this.#held.add(id, message)) return { status: 'failed', reason: 'too many messages wait here' }
    for (const did of message.given) known?.given.add(did)
    this.#out.handOn(known ?? message).catch(() => {})
    return { status: known === undefined ? 'stored' : 'duplicate' }
  }
}

function refused (reason: string): Verdict {
  return { status: 'refused', reason }
}
