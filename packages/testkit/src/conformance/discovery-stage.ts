import { isDeepStrictEqual } from 'node:util'
import type { Address, Did, Identity, PeerCandidate } from '@akshi/core'
import { never } from './material.ts'
import { Stage } from './stage.ts'
import { announce, type DiscoveryEnd, type DiscoverySubject, type DiscoveryWorld } from './discovery-subject.ts'

/** A node of a case: its discovery, and what that has reported. */
export class Seeker {
  readonly identity: Identity
  readonly end: DiscoveryEnd
  readonly heard: PeerCandidate[] = []
  /** True once `start` has resolved. */
  isStarted = false
  /** What came before that. */
  readonly early: PeerCandidate[] = []
  readonly #waiting = new Set<() => void>()
  #seq = 0

  constructor (identity: Identity, end: DiscoveryEnd) {
    this.identity = identity
    this.end = end
  }

  get did (): Did { return this.identity.did }

  async start (signal = never): Promise<void> {
    await this.end.discovery.start((candidate) => this.#hear(candidate), signal).then(() => { this.isStarted = true })
  }

  stop (): Promise<void> { return this.end.discovery.stop() }

  /** Announces the addresses of a turn, or none. Resolves to them. */
  async announce (turn?: number): Promise<readonly Address[]> {
    const addresses = turn === undefined ? [] : this.end.addresses(turn)
    await this.end.discovery.announce(announce(this.identity, ++this.#seq, addresses))
    return addresses
  }

  /** How often a node was reported with all these addresses, in any report of it. */
  count (did: Did, addresses: readonly Address[]): number {
    return this.heard.filter((each) => each.did === did && addresses.every((address) => each.addresses.some((other) => isDeepStrictEqual({ ...other }, { ...address })))).length
  }

  /** Resolves when `look` is true, which is asked at each report. */
  async until (look: () => boolean): Promise<void> {
    while (!look()) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  #hear (candidate: PeerCandidate): void {
    this.heard.push(candidate)
    if (!this.isStarted) this.early.push(candidate)
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}

/** What happens on a stage, and what it is to show. */
export interface DiscoveryScript {
  readonly promise: string
  readonly play: (stage: DiscoveryStage) => Promise<void>
}

/** A stage for discoveries. */
export class DiscoveryStage extends Stage {
  readonly world: DiscoveryWorld

  private constructor (world: DiscoveryWorld, deadlineMs: number | undefined, promise: string) {
    super({ advance: world.advance, deadlineMs }, promise)
    this.world = world
  }

  /** Runs `play` in a world of its own and stops whatever it started, however it ends. */
  static async play (subject: DiscoverySubject, { promise, play }: DiscoveryScript): Promise<void> {
    const world = await subject.open()
    const stage = new DiscoveryStage(world, subject.deadlineMs, promise)
    try {
      await stage.run(() => play(stage))
    } finally {
      await world.close()
    }
  }

  /** A seeker that is not started. */
  async makeSeeker (identity = this.identity()): Promise<Seeker> {
    const seeker = new Seeker(identity, await this.world.end(identity))
    this.keep({ leftovers: () => seeker.end.leftovers(), stop: () => seeker.stop() })
    return seeker
  }

  /** A seeker that runs. */
  async seeker (): Promise<Seeker> {
    const seeker = await this.makeSeeker()
    await this.within(seeker.start(), 'start')
    return seeker
  }

  /** Has a node announce the addresses of a turn. */
  async announce (node: Seeker, turn?: number): Promise<readonly Address[]> {
    const addresses = await this.within(node.announce(turn), 'announce')
    await this.world.spread?.(node.did, addresses)
    return addresses
  }

  /** Waits until one hears of another at all these addresses, `times` times in all. */
  async hears (seeker: Seeker, found: Seeker, addresses: readonly Address[], what: string, times = 1): Promise<void> {
    await this.within(seeker.until(() => seeker.count(found.did, addresses) >= times), what)
  }
}
