import type { SignedAnnouncement } from '../announcement.ts'
import type { Announcer } from '../announcer.ts'
import type { Clock } from '../clock.ts'
import type { Did } from '../did.ts'
import type { KnownPeers } from '../peers/known-peers.ts'
import type { Link } from '../transport.ts'
import { maxAnnouncements } from '../wire.ts'

/**
 * Tells one peer of this node and, if this node pushes news to it, of the trusted nodes it knows, so that a member met by one
 * is found by all.
 */
export class Greeting {
  readonly #to: Did
  readonly #peers: Pick<KnownPeers, 'all' | 'announcementOf'>
  readonly #announcer: Pick<Announcer, 'current'>
  readonly #clock: Clock
  /** The newest announcement that the peer got of each node. */
  readonly #sent = new Map<Did, number>()
  #isDue = true
  /** Whether it is told of others too. */
  passesOn = true

  constructor (to: Did, peers: Pick<KnownPeers, 'all' | 'announcementOf'>, announcer: Pick<Announcer, 'current'>, clock: Clock) {
    this.#to = to
    this.#peers = peers
    this.#announcer = announcer
    this.#clock = clock
  }

  /** False while there is nothing new to tell. */
  get isDue (): boolean { return this.#isDue }

  /** This node or one that it knows may have announced itself anew. */
  noteNews (): void {
    this.#isDue = true
  }

  /** Sends what the peer has not got yet; nothing if there is nothing new. Rejects as `Link.push`. */
  async send (link: Link, signal: AbortSignal): Promise<void> {
    this.#isDue = false
    try {
      await this.#send(link, signal)
    } catch (error) {
      this.#isDue = true
      throw error
    }
  }

  /** The same for one who asks: what it has not got yet, as if it were sent; some of it, if there is much. */
  take (): readonly Uint8Array[] {
    const news = this.#news().slice(0, maxAnnouncements)
    this.#note(news)
    return news.map(({ bytes }) => bytes)
  }

  /** Forgets what was sent: another connection may end at a peer that has restarted. */
  forget (): void {
    this.#sent.clear()
    this.#isDue = true
  }

  async #send (link: Link, signal: AbortSignal): Promise<void> {
    const news = this.#news()
    if (news.length === 0) return
    await link.push(news.map(({ bytes }) => bytes), signal)
    this.#note(news)
  }

  #news (): readonly SignedAnnouncement[] {
    const others = !this.passesOn ? [] : this.#peers.all().filter(({ trust, did }) => trust === 'trusted' && did !== this.#to)
    return [this.#announcer.current(), ...others.flatMap(({ did }) => this.#peers.announcementOf(did) ?? [])]
      .filter(({ announcement: { did, seq, expiresAt } }) => expiresAt > this.#clock.now() && seq > (this.#sent.get(did) ?? 0))
  }

  #note (news: readonly SignedAnnouncement[]): void {
    for (const { announcement: { did, seq } } of news) this.#sent.set(did, seq)
  }
}
