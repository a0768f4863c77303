import type { PeerStatus } from '@akshi/core'
import { bar, grouped, sized } from './progress.ts'
import { printable } from './terminal.ts'

type CatchUp = NonNullable<PeerStatus['catchUp']>

/** How much of what was missing is here, in whole percent. */
export function percentOf (catchUp: Pick<CatchUp, 'from' | 'behind'>): number {
  return Math.floor(shareOf(catchUp) * 100)
}

/** A line with a bar while anything is fetched that was missed: what came in, how fast, and from whom. */
export function describeCatchUp (peers: readonly PeerStatus[], nowMs: number): string | undefined {
  const fetching = peers.flatMap(({ name, catchUp }) => catchUp === undefined ? [] : [{ name, ...catchUp }])
  if (fetching.length === 0) return undefined
  const sum = (what: 'from' | 'behind' | 'entries' | 'bytes') => fetching.reduce((total, each) => total + each[what], 0)
  const startedAt = Math.min(...fetching.map((each) => Date.parse(each.startedAt)))
  const perSec = sum('entries') / Math.max((nowMs - startedAt) / 1000, 0.1)
  const share = shareOf({ from: sum('from'), behind: sum('behind') })
  const names = fetching.map(({ name }) => printable(name)).join(', ')
  return `${bar(share)}  ${grouped(sum('entries'))} entries  ${sized(sum('bytes'))}  ${grouped(perSec)}/s  from ${names}`
}

function shareOf ({ from, behind }: Pick<CatchUp, 'from' | 'behind'>): number {
  return from === 0 ? 1 : Math.max(0, 1 - behind / from)
}
