import type { Convergence } from '../control.ts'
import type { FeedState } from '../transport.ts'
import { compareWith } from './convergence/difference.ts'
import { lookHere } from './convergence/here.ts'
import { peerRow } from './convergence/peer-row.ts'
import { describeAll } from './convergence/reason.ts'
import { cut } from './convergence/rows.ts'
import { viewOf, type ConvergenceOptions, type Question } from './convergence/view.ts'
import { seqOf } from './vector.ts'

export { compareWith } from './convergence/difference.ts'
export { countBehind } from './convergence/range.ts'
export type { ConvergenceOptions } from './convergence/view.ts'

/** Whether every trusted peer has what this node has, of one journal or of all, as the peers themselves said; and what is missing where, and why. */
export function describeConvergence (options: ConvergenceOptions, question: Question = {}): Convergence {
  const view = viewOf(options, question)
  const mine = view.journals.states().filter(({ feed }) => view.isAsked(feed))
  const rows = view.peers.map((peer) => peerRow(view, peer, view.linkTo(peer.did)))
  const folders = [...view.shared.values()].map((link) => compareWith(link, mine.filter(({ feed }) => view.sharing.isPublic(feed.journal)), view.journals, ({ feed }) => view.admits(feed)))
  const here = lookHere(view)
  const isSame = rows.length === 0 ? folders.length > 0 && folders.every((folder) => folder?.same === true) : rows.every(({ converged }) => converged)
  return {
    agent: question.agent ?? null,
    local_seq: mine.filter(({ feed }) => feed.origin === view.own).reduce((sum, state) => sum + seqOf(state), 0),
    peers: rows,
    ...cut(here.lists),
    converged: isSame && !here.isStuck,
    heads: headsOf(mine),
    reason: describeAll(rows, folders, here.lists)
  }
}

/** Automerge heads, hex, sorted: equal lists mean equal documents. */
export function headsOf (states: readonly FeedState[]): string[] {
  return states.flatMap(({ heads }) => heads.map((head) => Buffer.from(head).toString('hex'))).sort()
}
