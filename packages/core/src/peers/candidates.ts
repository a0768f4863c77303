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
import { sameAddress } from './known-peer.ts'
import type { KnownPeers } from './known-peers.ts'

/** This node itself: who answers at its addresses is nobody else, though another may announce the same ones elsewhere. */
interface Own {
  readonly did: Did
  readonly addresses: () => readonly Address[]
}

interface Claim {
  readonly did: Did
  readonly address: Address
  readonly source: string
  readonly onLink: boolean
}

interface Attempt {
  readonly claim: Claim
  failures: number
  /** When it was dialled last, milliseconds since the Unix epoch. */
  triedAt: number | undefined
  /** Why that failed. */
  error: string | undefined
  /** When it may be dialled again, on the monotonic clock. */
  notBefore: number
  timer: Timer | undefined
}

const maxDials = 8
const maxWaiting = 256
const maxAttempts = 1_024
const maxRetries = 6
const freshMs = 60_000
const dialTimeoutMs = 10_000

/**
 * Turns claims into meetings: dials what discoveries report, within a budget, and notes in the peer book who showed a
 * key. Claims cost their inventor nothing, so everything here is bounded: dials at a time, claims that wait, addresses
 * that are remembered, and how often an address is tried.
 */
export class Candidates {
  readonly #own: Own
  readonly #peers: KnownPeers
  #prober: Prober | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #logger: Logger
  readonly #attempts = new Map<string, Attempt>()
  readonly #waiting = new Map<string, Claim>()
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
    for (const address of candidate.addresses.filter((address) => !mine.some((own) => sameAddress(own, address)))) {
      const claim = { did: candidate.did, address, source, onLink: candidate.onLink === true }
      if (this.#waiting.size < maxWaiting) this.#waiting.set(keyOf(claim), claim)
    }
    this.#dialNext()
  }

  /** What became of the addresses at which a node was said to be. */
  triesOf (did: Did): readonly AddressTry[] {
    return [...this.#attempts.values()].filter(({ claim }) => claim.did === did).map((attempt) => this.#describe(attempt))
  }

  /** Resolves when no dial is under way any more. */
  async stop (): Promise<void> {
    this.#stopped.abort()
    for (const { timer } of this.#attempts.values()) timer?.cancel()
    await Promise.all(this.#dials)
  }

  #dialNext (): void {
    const prober = this.#prober
    if (prober === undefined) return
    for (const [key, claim] of this.#waiting) {
      if (this.#dials.size >= maxDials) return
      this.#waiting.delete(key)
      const attempt = this.#attemptFor(key, claim)
      if (attempt.notBefore > this.#clock.monotonic()) continue
      attempt.notBefore = Infinity
      const dial = this.#dial(prober, claim, attempt).finally(() => {
        this.#dials.delete(dial)
        if (!this.#stopped.signal.aborted) this.#dialNext()
      })
      this.#dials.add(dial)
    }
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
    const isForgotten = this.#attempts.get(keyOf(claim)) !== attempt
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

  #attemptFor (key: string, claim: Claim): Attempt {
    let attempt = this.#attempts.get(key)
    if (attempt !== undefined) return attempt
    if (this.#attempts.size >= maxAttempts) {
      const [oldest, forgotten] = this.#attempts.entries().next().value ?? []
      forgotten?.timer?.cancel()
      if (oldest !== undefined) this.#attempts.delete(oldest)
    }
    attempt = { claim, failures: 0, triedAt: undefined, error: undefined, notBefore: 0, timer: undefined }
    this.#attempts.set(key, attempt)
    return attempt
  }
}

function keyOf ({ did, address: { host, port }, source }: Claim): string {
  return `${did} ${host} ${port} ${source}`
}
