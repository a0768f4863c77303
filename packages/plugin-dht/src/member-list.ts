import type { Clock, Did, SignedAnnouncement } from '@akshi/core'

/** A node that is listed under a key of this mesh, or has shown itself. */
export interface Member {
  readonly did: Did
  /** What it publishes; nothing while that is not known. */
  readonly announcement?: SignedAnnouncement
  /** Where that came from. */
  readonly source?: 'itself' | 'DHT'
  /** When, in milliseconds since the Unix epoch. */
  readonly seenAt?: number
  /** Why it could not be asked the last time. */
  readonly error?: string
}

/** The same, with when it is asked again. */
export interface KnownMember {
  readonly did: Did
  announcement: SignedAnnouncement | undefined
  source: 'itself' | 'DHT' | undefined
  seenAt: number | undefined
  error: string | undefined
  failures: number
  /** When to ask it again, and when it was listed last, on the monotonic clock. */
  askAt: number
  listedAt: number
}

const maxMembers = 1_000
const forgetMs = 3_600_000

/** Who is listed as a member of this mesh, or has shown itself to be one. */
export class MemberList {
  readonly #clock: Clock
  readonly #members = new Map<Did, KnownMember>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get count (): number { return this.#members.size }

  get all (): readonly KnownMember[] { return [...this.#members.values()] }

  /** As others see it. */
  get views (): readonly Member[] {
    return this.all.map(({ did, announcement, source, seenAt, error }) => ({
      did, ...announcement !== undefined && { announcement }, ...source !== undefined && { source }, ...seenAt !== undefined && { seenAt }, ...error !== undefined && { error }
    }))
  }

  /** Those that are to be asked now. */
  get due (): readonly KnownMember[] {
    return this.all.filter(({ askAt }) => askAt <= this.#clock.monotonic())
  }

  has (did: Did): boolean {
    return this.#members.has(did)
  }

  /** A member, new if it is not known; of more than a thousand none is kept. */
  of (did: Did): KnownMember {
    const known = this.#members.get(did)
    if (known !== undefined) return known
    const member: KnownMember = { did, announcement: undefined, source: undefined, seenAt: undefined, error: undefined, failures: 0, askAt: 0, listedAt: this.#clock.monotonic() }
    if (this.#members.size < maxMembers) this.#members.set(did, member)
    return member
  }

  /** Who is listed no more is no member, unless it answers. */
  forget (): void {
    const oldest = this.#clock.monotonic() - forgetMs
    for (const { did, listedAt, failures } of this.all) if (listedAt < oldest && failures > 0) this.#members.delete(did)
  }
}
