import { openAnnouncement, signAnnouncement } from './announce.ts'
import type { Announcement, SignedAnnouncement } from './announcement.ts'
import type { Announcer } from './announcer.ts'
import type { Clock, Timer } from './clock.ts'
import { describeError } from './errors.ts'
import { runHookSync, type Hooks } from './hooks.ts'
import type { Identity } from './identity.ts'
import type { Logger } from './logger.ts'

const lifetimeMs = 3_600_000
const renewAfterMs = lifetimeMs / 2
/** Of the names of agents: the rest of the announcement needs room too. */
const maxAgentBytes = 8_192

export interface NodeAnnouncerOptions {
  readonly identity: Identity
  readonly meshId: string
  readonly name: string
  readonly agents: readonly string[]
  readonly hooks: Hooks
  readonly clock: Clock
  readonly logger: Logger
}

/** Assembles this node's announcements, numbers them by the clock so that they rise over restarts, and renews them. */
export class NodeAnnouncer implements Announcer {
  readonly #options: NodeAnnouncerOptions
  #current: SignedAnnouncement | undefined
  #timer: Timer | undefined
  #started = false
  readonly #listeners = new Set<(announcement: SignedAnnouncement) => void>()

  constructor (options: NodeAnnouncerOptions) {
    this.#options = options
  }

  current (): SignedAnnouncement {
    this.#current ??= this.#assemble()
    return this.#current
  }

  /** Calls `listener` with each new announcement. Returns the way to stop it. */
  onChange (listener: (announcement: SignedAnnouncement) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** From now on `refresh` tells the listeners, and a timer renews. */
  start (): void {
    this.#started = true
    this.refresh()
  }

  refresh (): void {
    this.#current = this.#assemble()
    if (!this.#started) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.timer(renewAfterMs, () => this.refresh())
    for (const listener of this.#listeners) listener(this.#current)
  }

  reduced (reduce: (announcement: Announcement) => Announcement): SignedAnnouncement {
    const { identity, meshId } = this.#options
    const { did, seq, issuedAt, expiresAt, ...rest } = this.current().announcement
    const { bytes } = signAnnouncement(identity, meshId, { ...reduce({ did, seq, issuedAt, expiresAt, ...rest }), did, seq: seq - 1, issuedAt, expiresAt })
    return openAnnouncement(bytes, meshId)
  }

  /** Says that this node leaves now: an announcement that ends where it begins. It takes the place of the ones before. */
  farewell (): SignedAnnouncement {
    const { identity, meshId } = this.#options
    const { announcement } = this.current()
    const issuedAt = Math.floor(this.#options.clock.now())
    return signAnnouncement(identity, meshId, { ...announcement, seq: Math.max(issuedAt, announcement.seq + 1), issuedAt, expiresAt: issuedAt, addresses: [] })
  }

  stop (): void {
    this.#started = false
    this.#timer?.cancel()
  }

  #assemble (): SignedAnnouncement {
    const { identity, meshId, name, agents, clock, hooks, logger } = this.#options
    const now = Math.floor(clock.now())
    const plain: Announcement = {
      did: identity.did,
      seq: Math.max(now, (this.#current?.announcement.seq ?? 0) + 2),        // leaves room for a reduced one
      name,
      issuedAt: now,
      expiresAt: now + lifetimeMs,
      addresses: [],
      capabilities: ['journal'],
      agents: withinBytes(agents, maxAgentBytes),
      sealingKey: identity.sealingKey,
      extra: {}
    }
    try {
      const { did, seq, issuedAt, expiresAt } = plain
      const assembled = runHookSync('assembleAnnouncement', () => hooks.assembleAnnouncement.call(plain))
      const { bytes } = signAnnouncement(identity, meshId, { ...assembled, did, seq, issuedAt, expiresAt })
      return openAnnouncement(bytes, meshId)               // what others could not read is not sent
    } catch (error) {
      logger.error('a plugin spoiled the announcement: it goes out without what plugins add', { error: describeError(error) })
      return signAnnouncement(identity, meshId, plain)
    }
  }
}

/** As many of the first names as fit. */
function withinBytes (names: readonly string[], limit: number): readonly string[] {
  let bytes = 0
  return names.slice(0, 256).filter((name) => (bytes += name.length + 3) <= limit)
}
