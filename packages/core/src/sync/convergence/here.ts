import type { Convergence } from '../../control.ts'
import type { FeedId } from '../../transport.ts'
import { forksIn, parkedIn, quarantinedOf, vouchedIn } from './aside.ts'
import { gapsIn, stuckIn } from './gaps.ts'
import { missingFrom, missingRow, type End } from './missing.ts'
import type { View } from './view.ts'

/** Everything that is known here of what is missing and kept aside. */
export interface Here {
  readonly lists: Pick<Convergence, 'missing' | 'parked' | 'vouched' | 'quarantined' | 'forks'>
  /** Something is here, of an origin that is admitted, that cannot be used because what is before it is missing. */
  readonly isStuck: boolean
}

export function lookHere (view: View): Here {
  const { nameOf, admits } = view
  const journals = view.journals.all().filter(({ name: journal }) => view.isAsked({ journal }))
  const gaps = journals.flatMap((journal) => gapsIn(journal, admits))
  const quarantined = quarantinedIn(view)
  const refused = (feed: FeedId) => quarantined.find((row) => row.journal === feed.journal && row.part === feed.part && row.origin === feed.origin)?.reason
  return {
    lists: {
      missing: missingFrom(endsOf(view), view.journals, gaps).map((found) => missingRow(found, nameOf, refused)),
      parked: journals.flatMap((journal) => parkedIn(journal, admits, gaps, nameOf)),
      vouched: journals.flatMap((journal) => vouchedIn(journal, admits, nameOf)),
      quarantined,
      forks: journals.flatMap((journal) => forksIn(journal, nameOf))
    },
    isStuck: gaps.length > 0 || journals.some((journal) => stuckIn(journal, admits).length > 0)
  }
}

/** What belongs to no journal is for the operator alone. */
function quarantinedIn ({ notices, journals, nameOf, isAsked, isOperator }: View): Convergence['quarantined'] {
  return quarantinedOf(notices, journals.quarantined, nameOf).filter(({ journal }) => journal === undefined ? isOperator : isAsked({ journal }))
}

function endsOf ({ peers, linkTo, shared, sharing, admits }: View): End[] {
  const linked = peers.flatMap(({ did }) => {
    const link = linkTo(did)
    return link === undefined ? [] : [{ did, link, takes: (feed: FeedId) => admits(feed) && sharing.shares(feed.journal, did) }]
  })
  return [...linked, ...[...shared].map(([name, link]) => ({ shared: name, link, takes: (feed: FeedId) => admits(feed) && sharing.isPublic(feed.journal) }))]
}
