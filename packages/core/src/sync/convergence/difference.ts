import type { Journals } from '../../journal/journals.ts'
import type { FeedId, FeedState } from '../../transport.ts'
import { feedKey } from '../../wire.ts'
import type { LinkLoop } from '../link-loop.ts'
import { sameState, vectorOf } from '../vector.ts'
import { countLacks, lackHere, lackThere, type Lack } from './range.ts'

/** A link, as far as it tells what its other end has. */
export type KnownLink = Pick<LinkLoop, 'session' | 'status'>

/** How two version vectors differ, over the feeds that both sides admit. */
export interface Difference {
  /** Envelopes that the other end lacks. */
  readonly lag: number
  /** Envelopes that this node lacks. */
  readonly behind: number
  /** True when both have the same envelopes and heads. */
  readonly same: boolean
  readonly there: readonly Lack[]
  readonly here: readonly Lack[]
  /** Feeds whose origin the other end does not admit, with what it does not get of them. */
  readonly withheld: readonly { readonly feed: FeedId, readonly lacks: readonly Lack[] }[]
  /** Feeds of which both have the same envelopes, yet not the same heads. */
  readonly differing: readonly FeedId[]
}

/** Compares what this node has with what the other end of a link said; `undefined` until it has said anything. */
export function compareWith (link: KnownLink | undefined, mine: readonly FeedState[], journals: Pick<Journals, 'feed'>, admits: (state: FeedState) => boolean): Difference | undefined {
  const theirs = link?.session.theirs
  if (link === undefined || theirs === undefined) return undefined
  const all = vectorOf(mine)
  const isClosed = (key: string) => theirs.get(key)?.closed === true || (link.session.held.get(key)?.untrusted === true && !theirs.has(key))
  const isOpen = (key: string) => {
    const state = theirs.get(key)
    return !isClosed(key) && (state === undefined || admits(state))
  }
  const others = [...theirs].filter(([key, state]) => !(all.has(key) && isClosed(key)) && admits(state))
  const lackOf = ([key, state]: readonly [string, FeedState]) => lackThere(state, theirs.get(key), journals.feed(state.feed))
  const there = [...all].filter(([key]) => isOpen(key)).flatMap(lackOf)
  const here = others.flatMap(([, state]) => lackHere(state, journals.feed(state.feed)))
  const unlike = others.filter(([key, state]) => !sameState(state, all.get(key))).map(([, { feed }]) => feed)
  const named = new Set([...there, ...here].map(({ feed }) => feedKey(feed)))
  return {
    lag: countLacks(there),
    behind: countLacks(here),
    same: there.length === 0 && here.length === 0 && unlike.length === 0,
    there,
    here,
    withheld: [...all].filter(([key]) => isClosed(key)).map((each) => ({ feed: each[1].feed, lacks: lackOf(each) })),
    differing: unlike.filter((feed) => !named.has(feedKey(feed)))
  }
}
