import type { Clock } from '../clock.ts'
import { withDeadline } from '../deadline.ts'
import { describeError, isMeshError } from '../errors.ts'
import { isTapped, runHook, type Hooks, type OutgoingEnvelope, type Veto } from '../hooks.ts'
import { feedKey } from '../wire.ts'

/** For all taps together, each of which has less. Less than the one who asks at the other end waits for an answer. */
const limitMs = 2_500
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
  readonly #hung = new Map<string, { readonly reason: string, readonly until: number }>()

  constructor (hooks: Pick<Hooks, 'beforeEnvelopeSend'>, clock: Clock) {
    this.#hooks = hooks
    this.#clock = clock
  }

  /** Decides about an item for a receiver: a peer, or a shared transport by its name. */
  async decide (envelope: OutgoingEnvelope): Promise<Decision> {
    const { beforeEnvelopeSend } = this.#hooks
    if (!isTapped(beforeEnvelopeSend)) return { veto: undefined, hung: false }
    const key = `${envelope.to} ${envelope.kind === 'journal' ? feedKey(envelope.feed) : envelope.kind}`
    const hung = this.#hung.get(key)
    const leftMs = (hung?.until ?? 0) - this.#clock.monotonic()
    if (hung !== undefined && leftMs > 0) return { veto: { reason: hung.reason, retryAfterMs: leftMs }, hung: false }
    try {
      const veto = await withDeadline(this.#clock, limitMs, 'deciding in beforeEnvelopeSend', () => runHook('beforeEnvelopeSend', () => beforeEnvelopeSend.promise(envelope)))
      this.#hung.delete(key)
      return { veto, hung: false }
    } catch (error) {
      if (!tookTooLong(error)) return { veto: { reason: describeError(error) }, hung: false }
      const reason = isMeshError(error, 'MESH_HOOK_FAILED') ? error.message : hangs
      this.#hung.set(key, { reason, until: this.#clock.monotonic() + retryAfterMs })
      return { veto: { reason, retryAfterMs }, hung: true }
    }
  }
}

const hangs = `taps of beforeEnvelopeSend did not decide within ${limitMs / 1_000} s`

function tookTooLong (error: unknown): boolean {
  return isMeshError(error, 'MESH_TIMEOUT') || (error instanceof Error && isMeshError(error.cause, 'MESH_TIMEOUT'))
}
