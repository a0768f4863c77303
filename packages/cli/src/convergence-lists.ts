import type { Convergence, FeedRange, HeldFeed, MissingRange, NamedFeed, PeerConvergence } from '@akshi/core'
import { sized } from './progress.ts'
import { counted, printable } from './terminal.ts'

/** A list of an answer, as cells. */
export interface List {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Rows that the node left out. */
  readonly more: number
  /** Columns that are aligned to the right. */
  readonly right?: readonly number[]
}

const feedHeader = ['JOURNAL', 'WRITTEN BY']

/** The lists of an answer for people, those that need something done first. `nowMs` is the time, since the Unix epoch. */
export function listsOf (convergence: Convergence, nowMs: number): List[] {
  const { peers, missing, parked, vouched, quarantined, forks, left_out: more } = convergence
  const nameOf = (did: string) => printable(peers.find(({ peer_id: id }) => id === did)?.name ?? did)
  const differing = peers.flatMap(({ name, differing }) => differing.map((feed) => [printable(name), ...feedCells(feed)]))
  return [
    { title: 'peers', header: ['PEER', 'STATE', 'LACKS', 'HAS MORE', 'SAID SO'], rows: peers.map((peer) => peerCells(peer, nowMs)), more: 0, right: [2, 3] },
    { title: 'missing there', header: ['PEER', ...feedHeader, 'ENVELOPES', 'WHY'], rows: peers.flatMap(thereRows), more: sum(peers, 'missing_there') },
    { title: 'missing here', header: [...feedHeader, 'ENVELOPES', 'WHO HAS IT', 'WHY'], rows: missing.map((row) => hereCells(row, nameOf)), more: more.missing },
    { title: 'same envelopes, other heads', header: ['PEER', ...feedHeader], rows: differing, more: sum(peers, 'differing') },
    { title: 'parked here', header: [...feedHeader, 'ITEMS', 'SIZE', 'WHY'], rows: parked.map(parkedCells), more: more.parked, right: [2, 3] },
    { title: 'quarantined', header: ['TIMES', 'WHY'], rows: quarantined.map(quarantinedCells), more: more.quarantined, right: [0] },
    { title: 'forked', header: [...feedHeader, 'PATHS END WITH'], rows: forks.map(forkedCells), more: more.forks },
    { title: 'withheld', header: ['PEER', ...feedHeader, 'ENVELOPES', 'WHY'], rows: peers.flatMap(withheldRows), more: sum(peers, 'withheld') },
    { title: 'vouched for here', header: [...feedHeader, 'ENVELOPES'], rows: vouched.map(vouchedCells), more: more.vouched, right: [2] }
  ]
}

function peerCells ({ name, linked, converged, lag, behind, said_at: saidAt }: PeerConvergence, nowMs: number): string[] {
  const state = converged ? 'converged' : linked ? 'not converged' : 'not linked'
  return [printable(name), state, String(lag), String(behind), saidAt === undefined ? 'not yet' : `${span(nowMs - Date.parse(saidAt))} ago`]
}

function thereRows ({ name, linked, missing_there: there, held }: PeerConvergence): string[][] {
  return there.map((row) => {
    const hold = held.find(({ journal, part, origin }) => journal === row.journal && part === row.part && origin === row.origin)
    return [printable(name), ...feedCells(row), numbersOf(row), hold !== undefined ? holdOf(hold) : linked ? 'on its way' : 'no working link']
  })
}

function holdOf ({ reason, retry_in_ms: retryMs }: HeldFeed): string {
  return `${printable(reason)}${retryMs === undefined ? '' : `, again in ${span(retryMs)}`}`
}

function withheldRows ({ name, withheld }: PeerConvergence): string[][] {
  return withheld.map((row) => [printable(name), ...feedCells(row), row.envelopes === 0 ? 'none now' : numbersOf(row), `it does not trust ${printable(row.name)}`])
}

function hereCells (row: MissingRange, nameOf: (did: string) => string): string[] {
  return [...feedCells(row), numbersOf(row), [...row.has.map(nameOf), ...row.shared ?? []].join(', ') || 'nobody known', printable(row.reason)]
}

function parkedCells (row: Convergence['parked'][number]): string[] {
  return [...feedCells(row), String(row.items), sized(row.bytes), printable(row.reason)]
}

function quarantinedCells ({ times, reason, id }: Convergence['quarantined'][number]): string[] {
  return [String(times), printable(id === undefined ? reason : `${id.slice(0, 8)}: ${reason}`)]
}

function forkedCells (row: Convergence['forks'][number]): string[] {
  return [...feedCells(row), row.tips.map(({ seq, id }) => `${seq}/${id.slice(0, 8)}`).join(' ')]
}

function vouchedCells (row: Convergence['vouched'][number]): string[] {
  return [...feedCells({ ...row, part: 'state' }), String(row.envelopes)]
}

function feedCells ({ journal, part, name }: Pick<NamedFeed, 'journal' | 'part' | 'name'>): string[] {
  return [`${journal} ${part}`, printable(name)]
}

function numbersOf ({ from, to, envelopes, unknown_path: isUnknown }: FeedRange): string {
  const numbers = from === to ? String(to) : `${from}-${to}`
  if (isUnknown === true) return `${numbers} of another path`
  return envelopes === to - from + 1 ? numbers : `${numbers} (${counted(envelopes, 'envelope')})`
}

/** A length of time for people. */
function span (ms: number): string {
  const secs = Math.max(0, Math.round(ms / 1000))
  return secs < 120 ? `${secs} s` : secs < 7_200 ? `${Math.round(secs / 60)} min` : `${Math.round(secs / 3_600)} h`
}

function sum (peers: readonly PeerConvergence[], list: keyof PeerConvergence['left_out']): number {
  return peers.reduce((total, { left_out: more }) => total + more[list], 0)
}
