import { isIPv6 } from 'node:net'
import type { Clock } from '@akshi/core'

export interface RateLimitOptions {
  /** How fast a bucket fills. */
  readonly perMinute: number
  /** What a full bucket holds. */
  readonly burst: number
  readonly clock: Clock
  /** How many buckets are kept; of more, the one unused longest is forgotten. */
  readonly maxKeys?: number
}

/** What became of one request. */
export interface RateVerdict {
  readonly allowed: boolean
  /** Requests that would be let through now. */
  readonly remaining: number
  /** Seconds until the bucket is full again. */
  readonly resetSecs: number
  /** Seconds until the next request is let through; 0 when that is now. */
  readonly retrySecs: number
}

interface Bucket { tokens: number, at: number }

/** Token buckets by key, of bounded number. */
export class RateLimit {
  readonly perMinute: number
  readonly #options: Required<RateLimitOptions>
  readonly #buckets = new Map<string, Bucket>()

  constructor (options: RateLimitOptions) {
    this.perMinute = options.perMinute
    this.#options = { maxKeys: 10_000, ...options }
  }

  /** Takes one request out of the bucket of `key`. */
  take (key: string): RateVerdict {
    const { burst, perMinute } = this.#options
    const bucket = this.#fill(key)
    const allowed = bucket.tokens >= 1
    if (allowed) bucket.tokens--
    const secsFor = (tokens: number) => Math.max(0, Math.ceil(tokens * 60 / perMinute))
    return { allowed, remaining: Math.floor(bucket.tokens), resetSecs: secsFor(burst - bucket.tokens), retrySecs: secsFor(1 - bucket.tokens) }
  }

  #fill (key: string): Bucket {
    const { burst, clock, maxKeys, perMinute } = this.#options
    const now = clock.monotonic()
    const old = this.#buckets.get(key) ?? { tokens: burst, at: now }
    const bucket = { tokens: Math.min(burst, old.tokens + (now - old.at) * perMinute / 60_000), at: now }
    this.#buckets.delete(key)
    if (this.#buckets.size >= maxKeys) this.#buckets.delete(this.#buckets.keys().next().value ?? '')
    this.#buckets.set(key, bucket)
    return bucket
  }
}

/** What counts as one address: an IPv4 address, or the /64 that an IPv6 host may pick its addresses from. */
export function addressKey (address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => '0'), ...right]
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
