import type { LinkConditions } from '../network/link-conditions.ts'
import type { SyncSettings } from './simulated-node.ts'

export const stateAttacks = ['unfold', 'impersonate', 'jump', 'poison'] as const
export type StateAttack = typeof stateAttacks[number]
/** Ways of a malicious peer: with envelopes, with what it says of itself, with files in a folder, with changes to a state. */
export const attacks = ['forge', 'replay', 'equivocate', 'flood', 'lie', 'squat', ...stateAttacks] as const
export type Attack = typeof attacks[number]

/** Journals and folders are numbers too; of journals 0 is for everybody, and the others are in the order of `closed`. */
export type Deed =
  | { readonly do: 'append', readonly node: number, readonly count: number, readonly journal?: number }
  | { readonly do: 'change', readonly node: number, readonly journal?: number }
  /** The process dies, or the power goes; `points`: at that write point from now on, 0 for at once. */
  | { readonly do: 'crash', readonly node: number, readonly power: boolean, readonly points: number, readonly seed: number }
  | { readonly do: 'start' | 'stop' | 'backup' | 'restore' | 'lose disk', readonly node: number }
  /** The disk is full for so many write points. */
  | { readonly do: 'fill disk', readonly node: number, readonly times: number }
  /** Bits of files turn over: while the node is down (it is started again then), or as it runs. */
  | { readonly do: 'flip bits', readonly node: number, readonly count: number, readonly live: boolean, readonly seed: number }
  | { readonly do: 'jump clock', readonly node: number, readonly ms: number }
  | { readonly do: 'trust' | 'untrust', readonly node: number, readonly other: number }
  | { readonly do: 'partition', readonly sides: readonly (readonly number[])[] }
  | { readonly do: 'cut' | 'mend', readonly from: number, readonly to: number }
  | { readonly do: 'heal' }
  | { readonly do: 'weather', readonly conditions: Partial<LinkConditions> }
  | { readonly do: 'mount' | 'unmount', readonly folder: number, readonly node: number }
  /** `keep` marks what `roll back` goes back to. */
  | { readonly do: 'keep folder' | 'roll back folder', readonly folder: number }
  /** Each file is lost, or damaged, with this chance. */
  | { readonly do: 'lose files' | 'spoil files', readonly folder: number, readonly chance: number }
  /** By the malicious peer of this number, on a node. */
  | { readonly do: 'attack', readonly by: number, readonly node: number, readonly how: Attack }

/** A deed and its time, in milliseconds since the simulation began. What makes no sense then (a crash of a node that is down) does nothing. */
export type Action = Deed & { readonly at: number }

/** All that happens in one simulation, as plain data with nodes as numbers: the same plan gives the same run. */
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
  /** For each shared folder the nodes that mount it. Default: there is none. */
  readonly folders?: readonly (readonly number[])[]
  /** Pairs that never meet on the network: over a folder or others only. */
  readonly apart?: readonly (readonly [number, number])[]
  /** For each journal with a `share` list the nodes that are on it. */
  readonly closed?: readonly (readonly number[])[]
  readonly actions: readonly Action[]
}

/** An action on one line. */
export function printAction ({ at, do: deed, ...rest }: Action): string {
  return `${(at / 1000).toFixed(3).padStart(9)} s  ${deed} ${Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(' ')}`.trimEnd()
}
