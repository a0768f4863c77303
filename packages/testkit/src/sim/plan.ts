import type { LinkConditions } from '../network/link-conditions.ts'
import type { SyncSettings } from './simulated-node.ts'

export type Attack = 'forge' | 'replay' | 'equivocate' | 'flood' | 'lie'

/** What is done, with nodes as numbers. What makes no sense when its time comes (a crash of a node that is down) does nothing. */
export type Deed =
  | { readonly do: 'append', readonly node: number, readonly count: number }
  | { readonly do: 'change', readonly node: number }
  /** The process dies, or the power goes; `points`: at that write point from now on, 0 for at once. */
  | { readonly do: 'crash', readonly node: number, readonly power: boolean, readonly points: number, readonly seed: number }
  | { readonly do: 'start' | 'stop' | 'backup' | 'restore' | 'lose disk', readonly node: number }
  /** The disk is full for so many write points. */
  | { readonly do: 'fill disk', readonly node: number, readonly times: number }
  | { readonly do: 'jump clock', readonly node: number, readonly ms: number }
  | { readonly do: 'trust' | 'untrust', readonly node: number, readonly other: number }
  | { readonly do: 'partition', readonly sides: readonly (readonly number[])[] }
  | { readonly do: 'cut' | 'mend', readonly from: number, readonly to: number }
  | { readonly do: 'heal' }
  | { readonly do: 'weather', readonly conditions: Partial<LinkConditions> }
  /** By the malicious peer of this number, on a node. */
  | { readonly do: 'attack', readonly by: number, readonly node: number, readonly how: Attack }

/** A deed and its time, in milliseconds since the simulation began. */
export type Action = Deed & { readonly at: number }

/** All that happens in one simulation, as plain data: the same plan gives the same run. */
export interface Plan {
  readonly seed: number
  readonly nodes: number
  readonly durationMs: number
  readonly sync: SyncSettings
  /** Nodes that are not started at first. */
  readonly late: readonly number[]
  /** Pairs (node, other) that do not trust from the start; all others do. */
  readonly strangers: readonly (readonly [number, number])[]
  /** For each malicious peer the nodes that trust it. */
  readonly malicious: readonly (readonly number[])[]
  readonly actions: readonly Action[]
}

/** An action on one line. */
export function printAction ({ at, do: deed, ...rest }: Action): string {
  return `${(at / 1000).toFixed(3).padStart(9)} s  ${deed} ${Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(' ')}`.trimEnd()
}
