import type { Convergence, MissingRange, ParkedFeed, PeerConvergence } from '../../control.ts'
import type { Difference } from './difference.ts'

const maxNamed = 3

/** Why the answer is what it is, in one sentence for people; of many feeds a few are named. */
export function describeAll (rows: readonly PeerConvergence[], folders: readonly (Difference | undefined)[], { parked, missing }: Pick<Convergence, 'parked' | 'missing'>): string {
  const stuck = parked.filter(({ why }) => why === 'before')
  const lost = missing.filter(({ has, shared }) => has.length === 0 && shared === undefined)
  const reasons = [
    rows.length === 0 ? describeFolders(folders) : describePeers(rows),
    ...listed(stuck.length > 0 ? stuck.map(describeStuck) : lost.map(describeLost)),
    ...listed(trustsOf(parked))
  ]
  return reasons.join('; ')
}

function describePeers (rows: readonly PeerConvergence[]): string {
  const others = rows.filter(({ converged }) => !converged)
  return others.length === 0 ? `every trusted peer (${rows.length}) has the same` : others.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
}

function describeFolders (folders: readonly (Difference | undefined)[]): string {
  if (folders.length === 0) return 'no trusted peer is known, and there is no shared folder'
  if (folders.every((each) => each?.same === true)) return 'no trusted peer is known; the shared folder has the same'
  return 'no trusted peer is known; the shared folder has not been read and written yet'
}

function describeStuck ({ journal, part, name, reason }: ParkedFeed): string {
  return `${part} "${journal}" of ${name} is incomplete here: ${reason}`
}

function describeLost ({ journal, part, name, from, to }: MissingRange): string {
  return `${part} "${journal}" of ${name} is incomplete here: ${from === to ? `envelope ${to} is` : `envelopes ${from} to ${to} are`} missing`
}

function trustsOf (parked: readonly ParkedFeed[]): string[] {
  const waiting = parked.filter(({ why }) => why === 'trust')
  return [...new Set(waiting.map(({ origin }) => origin))].map((did) => {
    const rows = waiting.filter(({ origin }) => origin === did)
    const items = rows.reduce((sum, row) => sum + row.items, 0)
    return `${items} ${items === 1 ? 'item waits' : 'items wait'} for trust in ${rows[0]?.name ?? did}`
  })
}

function listed (texts: readonly string[]): string[] {
  return texts.length <= maxNamed ? [...texts] : [...texts.slice(0, maxNamed), `and ${texts.length - maxNamed} more`]
}
