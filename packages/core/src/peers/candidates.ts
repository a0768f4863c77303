import type { Address } from '../announcement.ts'
import { backoffMs } from '../backoff.ts'
import type { Clock, Timer } from '../clock.ts'
import type { Did } from '../did.ts'
import type { PeerCandidate } from '../discovery.ts'
import { withDeadline } from '../deadline.ts'
import { describeError, isMeshError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Random } from '../random.ts'
import type { AddressTry } from '../peer-explanation.ts'
import type { Prober } from '../transport.ts'
import { ClaimSource, type Attempt, type Claim } from './claim-source.ts'
import { sameAddress } from './known-peer.ts'
import type { KnownPeers } from './known-peers.ts'

/** This node itself: who answers at its addresses is nobody else, though another may announce the same ones elsewhere. */
interface Own {
  readonly did: Did
  readonly addresses: () => readonly Address[]
}

const maxDials = 8
const maxRetries = 6
const freshMs = 60_000
const dialTimeoutMs = 10_000

/**
 * Turns claims into meetings: dials what discoveries report, within a budget, and notes in the peer book who showed a
 * key. Claims cost their inventor nothing, so everything here is bounded: dials at a time, claims that wait, addresses
 * that are remembered, how often an address is tried, and of each the share that one source can have. Sources take turns.
 */
export class Candidates {
  readonly #own: Own
  readonly #peers: KnownPeers
  #prober: Prober | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  /** By name; the one whose turn it is stands first. */
  readonly #sources = new Map<string, ClaimSource>()
  #refill: Timer | undefined
  readonly #dials = new Set<Promise<void>>()
  readonly #stopped = new AbortController()

  constructor (own: Own, peers: KnownPeers, clock: Clock, random: Random, logger: Logger) {
    this.#own = own
    this.#peers = peers
    this.#clock = clock
    this.#random = random
    this.#logger = logger
  }

  /** From now on claims are dialled; those that came before have waited. */
  start (prober: Prober): void {
    this.#prober = prober
    this.#dialNext()
  }

  /** Takes a claim. Returns at once, and drops what is over budget: a discovery reports again. */
  report (candidate: PeerCandidate, source: string): void {
    if (candidate.did === this.#own.did || this.#stopped.signal.aborted) return
    const mine = this.#own.addresses()
    const queue = this.#sourceOf(source)
    const { dropped } = queue
    for (const address of candidate.addresses.filter((address) => !mine.some((own) => sameAddress(own, address)))) {
      const claim = { did: candidate.did, address, source, onLink: candidate.onLink === true }
      queue.add(keyOf(claim), claim)
    }
    if (queue.dropped > dropped) this.#logger.warnOnce(`flood ${source}`, 'a source reports more candidates than can be dialled: the rest is dropped, those of others are not', { source })
    this.#dialNext()
  }

  /** Addresses that a source reported beyond its share. */
  droppedOf (source: string): number {
    return this.#sources.get(source)?.dropped ?? 0
  }

  /** What became of the addresses at which a node was said to be. */
  triesOf (did: Did): readonly AddressTry[] {
    return this.#attempts.filter(({ claim }) => claim.did === did).map((attempt) => this.#describe(attempt))
  }

  /** Resolves when no dial is under way any more. */
  async stop (): Promise<void> {
    this.#stopped.abort()
    this.#refill?.cancel()
    for (const { timer } of this.#attempts) timer?.cancel()
    await Promise.all(this.#dials)
  }

  get #attempts (): readonly Attempt[] {
    return [...this.#sources.values()].flatMap(({ attempts }) => [...attempts.values()])
  }

  #sourceOf (name: string): ClaimSource {
    const source = this.#sources.get(name) ?? new ClaimSource(this.#clock)
    this.#sources.set(name, source)
    return source
  }

  /** Dials as much as may be dialled now. */
  #dialNext (): void {
    const prober = this.#prober
    if (prober === undefined || this.#stopped.signal.aborted) return
    while (this.#dials.size < maxDials) {
      const [name, source] = this.#nextSource() ?? []
      if (name === undefined || source === undefined) return
      this.#sources.delete(name)
      this.#sources.set(name, source)
      this.#dialOf(prober, source)
    }
  }

  /** The source whose turn it is; when all have had their share, they are asked again when there is more. */
  #nextSource (): [name: string, source: ClaimSource] | undefined {
    const ready = [...this.#sources].filter(([, { isReady }]) => isReady)
    const next = ready.find(([, { waitMs }]) => waitMs <= 0)
    if (next !== undefined || ready.length === 0) return next
    this.#refill?.cancel()
    this.#refill = this.#clock.timer(Math.min(...ready.map(([, { waitMs }]) => waitMs)), () => this.#dialNext())
  }

  /** Dials the next claim of a source, unless it was tried not long ago. */
  #dialOf (prober: Prober, source: ClaimSource): void {
    const [key, claim] = source.take() ?? []
    if (key === undefined || claim === undefined) return
    const attempt = source.attemptFor(key, claim)
    if (attempt.notBefore > this.#clock.monotonic()) return
    attempt.notBefore = Infinity
    source.spend()
    source.dialling++
    const dial = this.#dial(prober, claim, attempt).finally(() => {
      source.dialling--
      this.#dials.delete(dial)
      this.#dialNext()
    })
    this.#dials.add(dial)
  }

  async #dial (prober: Prober, claim: Claim, attempt: Attempt): Promise<void> {
    const { did, address, source, onLink } = claim
    attempt.triedAt = this.#clock.now()
    try {
      const announcement = await withDeadline(this.#clock, dialTimeoutMs, `dialling ${address.host}:${address.port}`,
        (signal) => prober.prove(did, address, signal), this.#stopped.signal)
      attempt.failures = 0
      attempt.error = undefined
      attempt.notBefore = this.#clock.monotonic() + freshMs
      this.#peers.met({ did, address, source, onLink, announcement })
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#failed(claim, attempt, error)
    }
  }

  #failed (claim: Claim, attempt: Attempt, error: unknown): void {
    const { did, address: { host, port }, source } = claim
    const delayMs = backoffMs(attempt.failures++, this.#random)
    attempt.notBefore = this.#clock.monotonic() + delayMs
    attempt.error = describeError(error)
    const message = isMeshError(error, 'MESH_PEER_MISMATCH') ? 'another node answers at the address of a candidate' : 'a candidate could not be reached'
    this.#logger.warnOnce(`${did} ${host} ${port}`, message, { did, address: `${host}:${port}`, source, error: attempt.error })
    const isForgotten = this.#sourceOf(source).attempts.get(keyOf(claim)) !== attempt
    if (isForgotten || attempt.failures > maxRetries) return
    attempt.timer = this.#clock.timer(delayMs, () => {
      attempt.notBefore = 0
      this.report({ did, addresses: [claim.address], onLink: claim.onLink }, source)
    })
  }

  #describe ({ claim: { address, source }, triedAt, error, failures, notBefore }: Attempt): AddressTry {
    const waits = failures > 0 && failures <= maxRetries && notBefore < Infinity
    return {
      address,
      source,
      ...triedAt !== undefined && { triedAt: new Date(triedAt).toISOString() },
      result: notBefore === Infinity ? 'dialling' : error === undefined ? 'met' : 'failed',
      ...error !== undefined && { error },
      ...waits && { retryInMs: Math.max(0, Math.round(notBefore - this.#clock.monotonic())) }
    }
  }
}

function keyOf ({ did, address: { host, port }, source }: Claim): string {
  return `${did} ${host} ${port} ${source}`
}
