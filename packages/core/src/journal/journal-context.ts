import type { Clock } from '../clock.ts'
import type { Did } from '../did.ts'
import type { FeedId } from '../transport.ts'
import type { Feed, OwnFeedContext } from './feed.ts'
import type { HybridClock } from './hybrid-clock.ts'
import type { SegmentCache } from './log/segment-cache.ts'

/** What a journal needs from its node. */
export interface JournalContext extends OwnFeedContext {
  readonly clock: Clock
  readonly hybridClock: HybridClock
  readonly cache: SegmentCache
  /** Resolves when this node may write: at once, or when it has seen what others have of its own feeds. */
  readonly mayWrite: (feed: FeedId) => Promise<void>
  /** Whether envelopes of this origin are taken in now. Asked again for what was parked: trust may have been withdrawn meanwhile. */
  readonly admits: (origin: Did) => boolean
  /** Called when a feed has new durable envelopes. */
  readonly changed: (feed: Feed) => void
}
