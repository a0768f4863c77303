import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, Did, EnvelopeReceiver, Identity, Logger, NodeSettings } from '@akshi/core'
import { checkLocal, checkMesh, hasToken, isLocal } from './access.ts'
import { callerOf, type Caller } from './caller.ts'
import { addressKey, RateLimit } from './rate-limit.ts'
import { RequestError } from './request-error.ts'

/** Trusted peers and the operator get room for any sane use; the limit only stops a loop gone wild. */
const knownPerMinute = 60_000
const knownBurst = 6_000

export interface AdmissionOptions {
  readonly settings: NodeSettings
  readonly identity: Identity
  readonly clock: Clock
  readonly logger: Logger
}

/** Decides who may call what, and how often. */
export class Admission {
  readonly #receiver: Pick<EnvelopeReceiver, 'admits'>
  readonly #options: AdmissionOptions
  readonly #strangers: RateLimit
  readonly #known: RateLimit

  constructor (receiver: Pick<EnvelopeReceiver, 'admits'>, options: AdmissionOptions) {
    const { clock, settings: { dashboard } } = options
    this.#receiver = receiver
    this.#options = options
    this.#strangers = new RateLimit({ perMinute: dashboard.rateLimitPerMinute, burst: dashboard.rateLimitBurst, clock })
    this.#known = new RateLimit({ perMinute: knownPerMinute, burst: knownBurst, clock })
  }

  /**
   * Counts a request, before anything else is done for it. Trusted peers and the operator have a bucket each, so that
   * strangers, who share one an address, cannot use theirs up.
   *
   * @throws RequestError 429.
   */
  count (request: IncomingMessage, response: ServerResponse): void {
    const caller = callerOf(request)
    const key = this.#knownKey(caller, request)
    // Strangers do not get to keep connections that peers may need.
    if (caller.secure && key === undefined) response.shouldKeepAlive = false
    const limit = key === undefined ? this.#strangers : this.#known
    const { allowed, remaining, resetSecs, retrySecs } = limit.take(key ?? addressKey(caller.address))
    response.setHeader('x-ratelimit-limit', limit.perMinute)
    response.setHeader('x-ratelimit-remaining', remaining)
    response.setHeader('x-ratelimit-reset', resetSecs)
    if (allowed) return
    throw new RequestError(429, 'MESH_RATE_LIMITED', `Too many requests; ask again in ${retrySecs} s.`, { 'retry-after': String(retrySecs) })
  }

  /**
   * Lets a trusted peer through and returns its DID; the node's own key counts, for curl. Who is refused is logged once.
   *
   * @throws RequestError `MESH_NOT_TRUSTED`, 401 or 403.
   */
  admitPeer (request: IncomingMessage): Did {
    const caller = callerOf(request)
    try {
      return checkMesh(caller, (did) => this.#trusts(did))
    } catch (error) {
      const { address, did } = caller
      this.#options.logger.warnOnce(`http-stranger:${did ?? addressKey(address)}`, 'refused a stranger on a mesh route', { address, did: did ?? 'none', reason: (error as Error).message })
      throw error
    }
  }

  /** Lets the operator through. Throws as `checkLocal` does. */
  admitOperator (request: IncomingMessage): void {
    checkLocal(callerOf(request), request.headers, this.#options.settings.dashboard)
  }

  #knownKey (caller: Caller, { headers }: IncomingMessage): string | undefined {
    const { dashboard } = this.#options.settings
    const { address, localAddress, did } = caller
    if (did !== undefined && this.#trusts(did)) return did
    return isLocal(address, localAddress, dashboard.remote) && hasToken(caller, headers, dashboard) ? 'operator' : undefined
  }

  #trusts (did: Did): boolean {
    return did === this.#options.identity.did || this.#receiver.admits(did)
  }
}
