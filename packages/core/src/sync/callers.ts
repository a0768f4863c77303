import type { Announcer } from '../announcer.ts'
import type { Clock } from '../clock.ts'
import type { Did } from '../did.ts'
import type { KnownPeers } from '../peers/known-peers.ts'
import { Greeting } from './greeting.ts'

/** What was told to those peers that call this node, and that it cannot call itself: they hear of the others in the answers that they get. */
export class Callers {
  readonly #peers: Pick<KnownPeers, 'all' | 'announcementOf'>
  readonly #announcer: Pick<Announcer, 'current'>
  readonly #clock: Clock
  readonly #greetings = new Map<Did, Greeting>()

  constructor (peers: Pick<KnownPeers, 'all' | 'announcementOf'>, announcer: Pick<Announcer, 'current'>, clock: Clock) {
    this.#peers = peers
    this.#announcer = announcer
    this.#clock = clock
  }

  /** The announcements that a caller has not got yet. */
  newsFor (did: Did): readonly Uint8Array[] {
    const greeting = this.#greetings.get(did) ?? new Greeting(did, this.#peers, this.#announcer, this.#clock)
    this.#greetings.set(did, greeting)
    return greeting.take()
  }

  /** It has introduced itself anew, as one does over a new connection: it may have restarted, or not got the last answer. */
  forget (did: Did): void {
    this.#greetings.delete(did)
  }
}
