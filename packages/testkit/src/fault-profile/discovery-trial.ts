import { isDid, type Address, type Identity, type PeerCandidate } from '@akshi/core'
import { announce as sign, type DiscoveryEnd, type DiscoverySubject, type DiscoveryWorld } from '../conformance/discovery-subject.ts'
import { never } from '../conformance/material.ts'
import { seededIdentity } from '../seeded-identity.ts'
import type { FaultTrial, Within } from './fault-trial.ts'

const size = 3

/** A node of a trial, over all its lives. */
interface TrialSeeker {
  readonly identity: Identity
  heard: PeerCandidate[]
  end: DiscoveryEnd | undefined
  /** Announcements so far. */
  turn: number
  /** Reports may come. */
  isRunning: boolean
  wake: () => void
}

/**
 * Three nodes announce themselves anew for some rounds, while they stop and start, starts are aborted and, where the subject can,
 * others say what makes no sense. Then each must be found at its last addresses, and nothing was reported by one that had stopped.
 */
export async function tryDiscovery (trial: FaultTrial, subject: DiscoverySubject, rounds: number): Promise<void> {
  const world = await subject.open()
  const play = new DiscoveryTrial(trial, world, trial.patience({ advance: world.advance, deadlineMs: subject.deadlineMs }))
  try {
    await play.begin()
    for (let round = 1; round <= rounds; round++) await play.round()
    await play.check()
  } finally {
    await play.end().finally(() => world.close())
  }
}

class DiscoveryTrial {
  readonly #trial: FaultTrial
  readonly #world: DiscoveryWorld
  readonly #within: Within
  readonly #seekers: readonly TrialSeeker[]

  constructor (trial: FaultTrial, world: DiscoveryWorld, within: Within) {
    this.#trial = trial
    this.#world = world
    this.#within = within
    this.#seekers = Array.from({ length: size }, (_, index) => ({ identity: seededIdentity(trial.seed * size + index), heard: [], end: undefined, turn: 0, isRunning: false, wake: () => {} }))
  }

  async begin (): Promise<void> {
    for (const seeker of this.#seekers) await this.#start(seeker)
  }

  async round (): Promise<void> {
    const seeker = this.#seekers[this.#trial.below(size)] as TrialSeeker
    if (this.#trial.chance(0.3)) await this.#restart(seeker)
    const { disturb } = this.#world
    if (disturb !== undefined && this.#trial.chance(0.3)) {
      this.#trial.count('disturbances')
      await disturb()
    }
    await this.#announce(seeker)
  }

  async check (): Promise<void> {
    for (const seeker of this.#seekers) await this.#announce(seeker)
    for (const seeker of this.#seekers) for (const other of this.#seekers) if (other !== seeker) await this.#within(this.#find(seeker, other), 'a report of a node at its last addresses')
  }

  async end (): Promise<void> {
    for (const seeker of this.#seekers) await this.#stop(seeker)
  }

  async #start (seeker: TrialSeeker): Promise<void> {
    if (this.#trial.chance(0.3)) await this.#abortStart(seeker)
    seeker.end = await this.#world.end(seeker.identity)
    seeker.heard = []
    await this.#within(seeker.end.discovery.start((candidate) => this.#hear(seeker, candidate), never), 'start')
    seeker.isRunning = true
  }

  async #abortStart ({ identity }: TrialSeeker): Promise<void> {
    const { discovery, leftovers } = await this.#world.end(identity)
    this.#trial.count('aborted')
    const starting = discovery.start(() => this.#trial.fail('a node was reported though the start was aborted'), AbortSignal.abort(new Error('aborted by the trial')))
    await this.#within(starting.catch(() => {}), 'the end of an aborted start')
    await this.#within(discovery.stop(), 'stop')
    this.#trial.expectNone(leftovers())
  }

  async #stop (seeker: TrialSeeker): Promise<void> {
    await this.#within(Promise.resolve(seeker.end?.discovery.stop()), 'stop')
    seeker.isRunning = false
    this.#trial.expectNone(seeker.end?.leftovers() ?? [])
  }

  async #restart (seeker: TrialSeeker): Promise<void> {
    this.#trial.count('restarts')
    await this.#stop(seeker)
    await this.#start(seeker)
  }

  async #announce (seeker: TrialSeeker): Promise<void> {
    const addresses = seeker.end?.addresses(++seeker.turn) ?? []
    this.#trial.count('announcements')
    await this.#within(Promise.resolve(seeker.end?.discovery.announce(sign(seeker.identity, seeker.turn, addresses))), 'announce')
    await this.#world.spread?.(seeker.identity.did, addresses)
  }

  #hear (seeker: TrialSeeker, candidate: PeerCandidate): void {
    if (!seeker.isRunning) this.#trial.fail('a node was reported before start had resolved, or after stop had')
    if (!isDid(candidate.did) || !candidate.addresses.every(isAddress)) this.#trial.fail(`something was reported that is no claim: ${JSON.stringify(candidate.addresses)} of ${candidate.did}`)
    seeker.heard.push(candidate)
    seeker.wake()
  }

  async #find (seeker: TrialSeeker, { identity, end, turn }: TrialSeeker): Promise<void> {
    const wanted = end?.addresses(turn) ?? []
    const isFound = () => seeker.heard.some(({ did, addresses }) => did === identity.did && wanted.every((place) => addresses.some((each) => isSame(each, place))))
    while (!isFound()) await new Promise<void>((resolve) => { seeker.wake = resolve })
    this.#trial.count('checks')
  }
}

function isAddress ({ host, port }: Address): boolean {
  return typeof host === 'string' && Number.isInteger(port) && port > 0 && port < 65_536
}

function isSame (a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port
}
