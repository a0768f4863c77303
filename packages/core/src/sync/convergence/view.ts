import type { Clock } from '../../clock.ts'
import type { Did } from '../../did.ts'
import type { Journals } from '../../journal/journals.ts'
import type { Notices } from '../../notices.ts'
import type { PeerView } from '../../peer-book.ts'
import type { FeedId } from '../../transport.ts'
import type { Sharing } from '../sharing.ts'
import type { KnownLink } from './difference.ts'
import type { NameOf } from './rows.ts'

export interface ConvergenceOptions {
  readonly own: Did
  readonly journals: Journals
  readonly sharing: Sharing
  /** The trusted peers. */
  readonly peers: readonly PeerView[]
  readonly linkTo: (did: Did) => KnownLink | undefined
  readonly shared: ReadonlyMap<string, KnownLink>
  readonly notices: Pick<Notices, 'all'>
  readonly nameOf: NameOf
  readonly clock: Pick<Clock, 'monotonic'>
}

/** Of what is asked: one journal or all; only of those that one node gets, when it is that one who asks. */
export interface Question {
  readonly agent?: string | undefined
  readonly asker?: Did | undefined
}

/** A node, as far as it is asked about. */
export interface View extends ConvergenceOptions {
  readonly isAsked: (feed: Pick<FeedId, 'journal'>) => boolean
  /** The operator asks, not another node. */
  readonly isOperator: boolean
  /** True for feeds that are asked about and whose origins are admitted here. */
  readonly admits: (feed: FeedId) => boolean
}

/** Makes a view. */
export function viewOf (options: ConvergenceOptions, { agent, asker }: Question): View {
  const { sharing, own } = options
  const isAsked = ({ journal }: Pick<FeedId, 'journal'>) => (agent === undefined || journal === agent) && (asker === undefined || sharing.shares(journal, asker))
  return { ...options, isAsked, isOperator: asker === undefined || asker === own, admits: (feed) => isAsked(feed) && sharing.admits(feed.origin) }
}
