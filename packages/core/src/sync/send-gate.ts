import type { Clock } from '../clock.ts'
import { withDeadline } from '../deadline.ts'
import { describeError, isMeshError } from '../errors.ts'
import { isTapped, runHook, type Hooks, type OutgoingEnvelope, type Veto } from '../hooks.ts'
import { feedKey } from '../wire.ts'

/** Less than the one who asks at the other end waits for an answer. */
const limitMs = 2_000
const retryAfterMs = 60_000

/** What `beforeEnvelopeSend` decided; `hung` when it did not. */
export interface Decision {
  readonly veto: Veto | undefined
  readonly hung: boolean
}

/**
 * Where every item leaves: asks `beforeEnvelopeSend`. A tap that throws vetoes. One that does not decide in time vetoes too, and is not
 * asked about that feed and receiver for a while: it harms nothing but itself.
 */
export class SendGate {
  readonly #hooks: Pick<Hooks, 'beforeEnvelopeSend'>
  readonly #clock: Clock
  /** Until when a tap that hung is not asked again, on the monotonic clock, by receiver and feed. */
  readonly #hung = new Map<string, number>()

  constructor (hooks: Pick<Hooks, 'beforeEnvelopeSend'>, clock: Clock) {
    this.#hooks = hooks
    this.#clock = clock
  }

  /** Decides about an item for a receiver: a peer, or a shared transport by its name. */
  async decide (envelope: OutgoingEnvelope): Promise<Decision> {
    const { beforeEnvelopeSend } = this.#hooks
    if (!isTapped(beforeEnvelopeSend)) return { veto: undefined, hung: false }
    const key = `${envelope.to} ${envelope.kind === 'journal' ? feedKey(envelope.feed) : envelope.kind}`
    const leftMs = (this.#hung.get(key) ?? 0) - this.#clock.monotonic()
    if (leftMs > 0) return { veto: { reason: hangs, retryAfterMs: leftMs }, hung: false }
    try {
      const veto = await withDeadline(this.#clock, limitMs, 'a tap of beforeEnvelopeSend', () => runHook('beforeEnvelopeSend', () => beforeEnvelopeSend.promise(envelope)))
      this.#hung.delete(key)
      return { veto, hung: false }
    } catch (error) {
      if (!isMeshError(error, 'MESH_TIMEOUT')) return { veto: { reason: describeError(error) }, hung: false }
      this.#hung.set(key, this.#clock.monotonic() + retryAfterMs)
      return { veto: { reason: hangs, retryAfterMs }, hung: true }
    }
  }
}

const hangs = `a tap of beforeEnvelopeSend did not decide within ${limitMs / 1_000} s`
