import type { Convergence } from '../control.ts'
import type { Did } from '../did.ts'
import type { Feed } from '../journal/feed.ts'
import type { Journals } from '../journal/journals.ts'
import type { PeerView } from '../peer-book.ts'
import type { FeedState } from '../transport.ts'
import { feedKey } from '../wire.ts'
import type { LinkLoop } from './link-loop.ts'
import type { Sharing } from './sharing.ts'
import { sameState, seqOf, vectorOf } from './vector.ts'

/** How two version vectors differ, over the feeds that both sides admit. */
export interface Difference {
  /** Envelopes that the other end lacks. */
  readonly lag: number
  /** Envelopes that this node lacks. */
  readonly behind: number
  /** True when both have the same envelopes and heads. */
  readonly same: boolean
  /** Origins that the other end does not admit. */
  readonly withheld: number
}

/** Compares what this node has with what the other end of a link said; `undefined` until it has said anything. */
export function compareWith (loop: LinkLoop | undefined, mine: readonly FeedState[], journals: Pick<Journals, 'feed'>, admits: (state: FeedState) => boolean): Difference | undefined {
  const theirs = loop?.session.theirs
  if (loop === undefined || theirs === undefined) return undefined
  const own = vectorOf(mine)
  const closed = [...own].filter(([key]) => theirs.get(key)?.closed === true || (loop.session.held.get(key)?.untrusted === true && !theirs.has(key))).map(([key]) => key)
  for (const key of closed) own.delete(key)
  const others = [...theirs].filter(([key, state]) => !closed.includes(key) && admits(state))
  for (const [key, state] of theirs) if (!closed.includes(key) && !admits(state)) own.delete(key)
  const lag = sum([...own].map(([key, state]) => countLag(state, theirs.get(key), journals.feed(state.feed))))
  const behind = sum(others.map(([, state]) => countBehind(state, journals.feed(state.feed))))
  const same = lag === 0 && behind === 0 && others.every(([key, state]) => sameState(state, own.get(key)))
  return { lag, behind, same, withheld: closed.length }
}

/** Envelopes of a feed that somebody has and this node lacks. */
export function countBehind ({ tips }: FeedState, feed: Feed | undefined): number {
  const longest = seqOf(feed?.state)
  return sum(tips.filter((tip) => feed?.knows(tip) !== true).map(({ seq }) => Math.max(1, seq - longest)))
}

/** Envelopes of a feed that this node has and somebody lacks. */
function countLag (mine: FeedState, theirs: FeedState | undefined, feed: Feed | undefined): number {
  if (feed === undefined || theirs === undefined) return seqOf(mine)
  const known = theirs.tips.filter((tip) => feed.knows(tip))
  return known.length > 0 ? feed.countAfter(known) : Math.max(0, seqOf(mine) - seqOf(theirs))
}

export interface ConvergenceOptions {
  readonly own: Did
  readonly journals: Journals
  readonly sharing: Sharing
  /** The trusted peers. */
  readonly peers: readonly PeerView[]
  readonly linkTo: (did: Did) => LinkLoop | undefined
  readonly shared: ReadonlyMap<string, LinkLoop>
}

/** Whether every trusted peer has what this node has, of one journal or of all, as the peers themselves said. */
export function describeConvergence (options: ConvergenceOptions, agent: string | undefined): Convergence {
  const { own, journals, peers, shared } = options
  const isAsked = ({ feed }: FeedState) => agent === undefined || feed.journal === agent
  const mine = journals.states().filter(isAsked)
  const written = mine.filter(({ feed }) => feed.origin === own)
  const rows = peers.map((peer) => describePeer(options, peer, isAsked))
  const folder = [...shared.values()].map((loop) => compareWith(loop, mine.filter(({ feed }) => options.sharing.isPublic(feed.journal)), journals, (state) => isAsked(state) && options.sharing.admits(state.feed.origin)))
  const alone = peers.length === 0
  const converged = alone ? folder.length > 0 && folder.every((each) => each?.same === true) : rows.every((row) => row.converged)
  return {
    agent: agent ?? null,
    local_seq: sum(written.map(seqOf)),
    peers: rows,
    converged,
    heads: headsOf(mine),
    reason: alone ? describeFolder(folder) : describePeers(rows)
  }
}

/** Automerge heads, hex, sorted: equal lists mean equal documents. */
export function headsOf (states: readonly FeedState[]): string[] {
  return states.flatMap(({ heads }) => heads.map((head) => Buffer.from(head).toString('hex'))).sort()
}

function describePeer ({ own, journals, sharing, linkTo }: ConvergenceOptions, peer: PeerView, isAsked: (state: FeedState) => boolean): Convergence['peers'][number] {
  const loop = linkTo(peer.did)
  const mine = journals.states((journal) => sharing.shares(journal, peer.did)).filter(isAsked)
  const difference = compareWith(loop, mine, journals, (state) => isAsked(state) && sharing.admits(state.feed.origin) && sharing.shares(state.feed.journal, peer.did))
  const up = loop?.status.state === 'up'
  const acked = sum(mine.filter(({ feed }) => feed.origin === own).map(({ feed }) => seqOf(loop?.session.theirs?.get(feedKey(feed)))))
  return {
    peer_id: peer.did,
    name: peer.name,
    acked_seq: acked,
    lag: difference?.lag ?? sum(mine.map(seqOf)),
    behind: difference?.behind ?? 0,
    converged: up && difference?.same === true,
    reason: !up ? `no working link: ${loop?.status.reason ?? 'no address known'}` : describe(difference, [...loop.session.held.values()].map(({ reason }) => reason))
  }
}

function describePeers (rows: Convergence['peers']): string {
  const others = rows.filter(({ converged }) => !converged)
  return others.length === 0 ? `every trusted peer (${rows.length}) has the same` : others.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
}

function describe (difference: Difference | undefined, held: readonly string[]): string {
  if (difference === undefined) return 'it has not said yet what it has'
  const { lag, behind, same, withheld } = difference
  if (same) return withheld === 0 ? 'it has the same' : `it has the same, but for ${withheld} feeds whose origins it does not trust`
  const parts = [lag > 0 ? `it lacks ${lag} envelopes` : '', behind > 0 ? `this node lacks ${behind} envelopes` : '', ...held]
  return parts.filter((part) => part !== '').join(', ') || 'the same numbers stand for different envelopes'
}

function describeFolder (folder: readonly (Difference | undefined)[]): string {
  if (folder.length === 0) return 'no trusted peer is known, and there is no shared folder'
  if (folder.every((each) => each?.same === true)) return 'no trusted peer is known; the shared folder has the same'
  return 'no trusted peer is known; the shared folder has not been read and written yet'
}

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + Math.max(0, number), 0)
}
