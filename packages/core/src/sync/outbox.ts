import type { Did } from '../did.ts'
import { describeError } from '../errors.ts'
import { isTapped, runHook, type Hooks, type Veto } from '../hooks.ts'
import type { Feed } from '../journal/feed.ts'
import type { Range } from '../transport.ts'

/** An envelope on its way to one receiver. */
export interface Outgoing {
  readonly feed: Feed
  readonly seq: number
  readonly bytes: Uint8Array
}

/** Why the rest of a feed stays here for now. */
export interface HeldFeed {
  readonly feed: Feed
  readonly veto: Veto
}

/**
 * Takes envelopes of feeds in order until `limit` or `maxBytes` is reached, passing each through `beforeEnvelopeSend`. A
 * veto, or a tap that throws, holds back the rest of that feed and goes to `held`.
 */
export async function * gather (
  wanted: Iterable<{ readonly feed: Feed, readonly range: Omit<Range, 'feed'> }>, to: Did | string,
  limit: number, maxBytes: number, hooks: Hooks, held: (held: HeldFeed) => void
): AsyncGenerator<Outgoing> {
  let count = 0
  let size = 0
  for (const { feed, range } of wanted) {
    for (const { seq, bytes } of feed.serve(range.after, range.until)) {
      size += bytes.length
      if (count >= limit || (count > 0 && size > maxBytes)) return
      const veto = await askHook({ feed, seq, bytes }, to, hooks)
      if (veto !== undefined) {
        held({ feed, veto })
        break
      }
      count++
      yield { feed, seq, bytes }
    }
  }
}

async function askHook ({ feed, seq, bytes }: Outgoing, to: Did | string, hooks: Hooks): Promise<Veto | undefined> {
  if (!isTapped(hooks.beforeEnvelopeSend)) return undefined
  try {
    return await runHook('beforeEnvelopeSend', () => hooks.beforeEnvelopeSend.promise({ feed: feed.id, seq, bytes, to }))
  } catch (error) {
    return { reason: describeError(error) }
  }
}
