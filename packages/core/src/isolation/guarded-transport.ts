import type { Clock } from '../clock.ts'
import { withDeadline } from '../deadline.ts'
import { describeError, MeshError } from '../errors.ts'
import type { Digest, EnvelopeReceiver, Link, LinkTarget, PullOptions, Range, Receipt, Transport } from '../transport.ts'
import { digestProblem, receiptProblem } from './answer-checks.ts'
import type { Bulkhead } from './bulkhead.ts'

const closeMs = 5_000

/** A plugin's transport behind its bulkhead: what it gives is what the contract says, or an error that names the plugin. */
export class GuardedTransport implements Transport {
  readonly reach: Transport['reach']
  readonly #inner: Transport
  readonly #bulkhead: Bulkhead
  readonly #clock: Clock

  constructor (inner: Transport, bulkhead: Bulkhead, clock: Clock) {
    this.reach = inner.reach
    this.#inner = inner
    this.#bulkhead = bulkhead
    this.#clock = clock
  }

  start (receiver: EnvelopeReceiver, signal: AbortSignal): Promise<void> {
    return this.#inner.start(receiver, signal)
  }

  /** A link that comes after the call was given up is closed. */
  async connect (target: LinkTarget, signal: AbortSignal): Promise<Link> {
    const inner = await this.#bulkhead.run('transport.connect', () => this.#inner.connect(target, signal))
    const missing = (['push', 'digest', 'pull', 'close'] as const).filter((method) => typeof inner?.[method] !== 'function')
    if (missing.length > 0) throw garbage(this.#bulkhead, 'transport.connect', `a link without ${missing.join(' and ')}`)
    const link = guardLink(inner, this.#bulkhead, this.#clock)
    if (signal.aborted) await link.close()
    signal.throwIfAborted()
    return link
  }

  stop (): Promise<void> {
    return this.#inner.stop()
  }
}

/** `onBreak` and `at` are there when the link has them. */
function guardLink (inner: Link, bulkhead: Bulkhead, clock: Clock): Link {
  return {
    push: async (batch: readonly Uint8Array[], signal: AbortSignal): Promise<Receipt> => {
      return checked(bulkhead, 'transport.push', await bulkhead.run('transport.push', () => inner.push(batch, signal)), (receipt) => receiptProblem(receipt, batch.length))
    },
    digest: async (mine: Digest, signal: AbortSignal): Promise<Digest> => {
      return checked(bulkhead, 'transport.digest', await bulkhead.run('transport.digest', () => inner.digest(mine, signal)), digestProblem)
    },
    pull: (want, options, signal) => pullItems(inner, bulkhead, want, options, signal),
    // Also when the plugin is out, and more so.
    close: async () => {
      await withDeadline(clock, closeMs, 'closing a link', async () => await inner.close()).catch((error: unknown) => bulkhead.refuse('transport.close', describeError(error)))
    },
    ...inner.onBreak !== undefined && { onBreak: (listener: () => void) => { bulkhead.contain('transport.onBreak', () => inner.onBreak?.(listener)) } },
    ...inner.at !== undefined && { at: () => bulkhead.contain('transport.at', () => inner.at?.()) }
  }
}

async function * pullItems (inner: Link, bulkhead: Bulkhead, want: readonly Range[], options: PullOptions, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const items = bulkhead.run('transport.pull', () => inner.pull(want, options, signal))
  if (typeof items?.[Symbol.asyncIterator] !== 'function') throw garbage(bulkhead, 'transport.pull', 'no async iterable')
  for await (const item of items) {
    if (!(item instanceof Uint8Array)) throw garbage(bulkhead, 'transport.pull', 'an item that is no Uint8Array')
    yield item
  }
}

function checked<Answer> (bulkhead: Bulkhead, what: string, answer: Answer, problemOf: (answer: unknown) => string | undefined): Answer {
  const problem = problemOf(answer)
  if (problem !== undefined) throw garbage(bulkhead, what, problem)
  return answer
}

function garbage (bulkhead: Bulkhead, what: string, problem: string): MeshError {
  bulkhead.refuse(what, problem)
  return new MeshError('MESH_SEND_FAILED', `${bulkhead.title} breaks its contract in ${what}: ${problem}. Report it to the plugin's author.`)
}
