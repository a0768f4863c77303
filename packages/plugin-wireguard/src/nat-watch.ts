import type { Clock } from '@akshi/core'
import { isTelling, natKind, type NatKind, type Sighting } from './nat-kind.ts'

/** So long all tunnels must have been in vain before UDP is taken for blocked. */
const vainMs = 8_000

export interface NatWatchOptions {
  readonly clock: Clock
  readonly isOwn: (host: string) => boolean
  /** What others want to know of it has changed. */
  readonly changed: () => void
}

/** Keeps what is known of the NAT in front of this node. */
export class NatWatch {
  readonly #options: NatWatchOptions
  #vainSince: number | undefined
  #kind: NatKind = 'unknown'

  constructor (options: NatWatchOptions) {
    this.#options = options
  }

  get kind (): NatKind { return this.#kind }

  /**
   * Looks at where others see this node. `isUp` says whether any tunnel works; `isCalled` is asked whether somebody answers over the network to
   * whom a tunnel was tried in vain: then UDP is blocked here, or there.
   */
  look (sightings: readonly Sighting[], isUp: boolean, isCalled: () => boolean): void {
    const now = this.#options.clock.monotonic()
    this.#vainSince = isUp ? undefined : this.#vainSince ?? now
    const isVain = this.#vainSince !== undefined && now - this.#vainSince > vainMs
    const seen = natKind(sightings, this.#options.isOwn)
    this.#become(isVain && (this.#kind === 'blocked' || isCalled()) ? 'blocked' : isUp && seen === 'unknown' ? this.#kind : seen)
  }

  #become (kind: NatKind): void {
    const before = this.#kind
    this.#kind = kind
    if (before !== kind && (isTelling(before) || isTelling(kind))) this.#options.changed()
  }
}
