import type { Did } from '../did.ts'
import type { Veto } from '../hooks.ts'
import type { Feed, ServedItem, ServeOptions } from '../journal/feed.ts'
import type { Tip } from '../transport.ts'
import type { SendGate } from './send-gate.ts'

/** An item on its way to one receiver. */
export interface Outgoing extends ServedItem {
  readonly feed: Feed
}

/** What somebody wants of a feed: what leads on from these points. */
export interface Wanted {
  readonly feed: Feed
  readonly have: readonly Tip[]
  readonly skip?: readonly Tip[]
}

/** Why the rest of a feed stays here for now. */
export interface HeldFeed {
  readonly feed: Feed
  readonly veto: Veto
}

export interface GatherOptions extends ServeOptions {
  /** Items at most. */
  readonly limit: number
  /** Bytes at most; one item is always given. */
  readonly maxBytes: number
  readonly gate: SendGate
  /** Told of feeds that a veto, or a tap that throws, holds back. */
  readonly held: (held: HeldFeed) => void
}

/**
 * Takes items of feeds in order, passing each through `beforeEnvelopeSend`. A veto holds back the rest of its feed. After a tap that
 * did not decide nothing more is given, so that one call waits for one such tap at most.
 */
export async function * gather (wanted: Iterable<Wanted>, to: Did | string, options: GatherOptions): AsyncGenerator<Outgoing> {
  let count = 0
  let size = 0
  for (const { feed, have, skip = [] } of wanted) {
    for await (const item of feed.serve(have, skip, options)) {
      size += item.bytes.length
      if (count >= options.limit || (count > 0 && size > options.maxBytes)) return
      const { veto, hung } = await options.gate.decide({ kind: 'journal', feed: feed.id, seq: item.seq, bytes: item.bytes, to })
      if (veto !== undefined) options.held({ feed, veto })
      if (hung) return
      if (veto !== undefined) break
      count++
      yield { ...item, feed }
    }
  }
}
