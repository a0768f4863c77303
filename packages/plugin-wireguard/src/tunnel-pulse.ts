import type { Clock } from '@akshi/core'
import type { WgPeerState } from './wg-device.ts'

/** WireGuard gives a session up after three minutes, a new one being due after two (REJECT_AFTER_TIME, REKEY_AFTER_TIME). */
const sessionMs = 180_000
/** After a handshake both ends send something so long, and one that has heard nothing for longer takes the session for lost. */
const greetMs = 1_200
const unheardMs = 2_000
/** A session that has carried, and in which nothing answers what is sent, is taken for lost after this. */
const unansweredMs = 4_000
/** Who hears something, having sent nothing for so long, answers. Longer than a round trip and two looks: no answer is answered. */
const quietMs = 1_500
/** What WireGuard's messages have with their headers. All but these two have a multiple of 16 bytes, or as many as the MTU allows. */
const [keepaliveBytes, initiationBytes, responseBytes] = [32, 148, 92]

/**
 * Whether a tunnel lives, by what its device counts. A handshake is no proof for good: the other end may have lost the session since, and
 * WireGuard itself notices after 15 s only, and not at all while there are but keepalives. So what is sent is answered, if need be by a
 * keepalive, and a tunnel in which something was sent and nothing came is not up. An idle one is.
 */
export class TunnelPulse {
  readonly #clock: Clock
  #state: WgPeerState | undefined
  #shookAt = -Infinity
  #sentAt = -Infinity
  #unansweredSince: number | undefined
  #isHeard = false
  #isOwing = false
  #unheardMs = unheardMs

  constructor (clock: Clock) {
    this.#clock = clock
  }

  /** What was noted last. */
  get state (): WgPeerState | undefined { return this.#state }

  get isUp (): boolean {
    return this.#state?.lastHandshakeMs !== undefined && this.#now - this.#shookAt < sessionMs && this.unansweredMs < (this.#isHeard ? unansweredMs : this.#unheardMs)
  }

  /** How long something has been waiting for an answer. */
  get unansweredMs (): number { return this.#unansweredSince === undefined ? 0 : this.#now - this.#unansweredSince }

  /** Whether it is time to send something. */
  get isDue (): boolean {
    return this.#now - this.#shookAt < greetMs || this.#unansweredSince !== undefined || this.#isOwing
  }

  /** Takes what the device counts now. Says whether anything has come since the last time. */
  note (state: WgPeerState | undefined): boolean {
    const before = isLater(state, this.#state) ? this.#state : undefined
    this.#state = state
    if (state === undefined) return false
    const hasCome = state.rxBytes > (before?.rxBytes ?? 0)
    const sentBytes = state.txBytes - (before?.txBytes ?? 0)
    this.#isOwing = hasCome && sentBytes === 0 && this.#now - this.#sentAt > quietMs
    if (sentBytes > 0) this.#sentAt = this.#now
    if (state.lastHandshakeMs !== undefined && state.lastHandshakeMs !== before?.lastHandshakeMs) this.#begin()
    else if (hasCome) this.#hear(state.rxBytes - (before?.rxBytes ?? 0))
    else if (sentBytes > keepaliveBytes) this.#unansweredSince ??= this.#now
    return hasCome
  }

  /** An end without a pulse leaves its keepalives unanswered: for such ones patience grows. */
  #begin (): void {
    if (this.unansweredMs >= this.#unheardMs) this.#unheardMs = Math.min(2 * this.#unheardMs, sessionMs)
    this.#shookAt = this.#unansweredSince = this.#now
    this.#isHeard = false
  }

  /** Who calls anew in a session has lost it, or renews it: then a handshake follows. */
  #hear (bytes: number): void {
    const isCall = bytes % 16 === initiationBytes % 16 && bytes < initiationBytes + responseBytes
    if (isCall) this.#isHeard = false
    if (isCall && this.isUp) this.#unansweredSince ??= this.#now
    else this.#unansweredSince = undefined
    if (isCall || this.#state?.lastHandshakeMs === undefined) return
    this.#isHeard = true
    this.#unheardMs = unheardMs
  }

  get #now (): number { return this.#clock.monotonic() }
}

/** Counters that went back are those of a peer that was added anew. */
function isLater (state: WgPeerState | undefined, before: WgPeerState | undefined): boolean {
  return state !== undefined && before !== undefined && state.rxBytes >= before.rxBytes && state.txBytes >= before.txBytes
}
