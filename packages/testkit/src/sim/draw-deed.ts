import type { Dice } from './dice.ts'
import { attacks, type Action, type Deed } from './plan.ts'

/** What a deed may be about. */
export interface Scope {
  readonly nodes: number
  readonly malicious: number
  readonly folders: readonly (readonly number[])[]
  readonly closed: readonly (readonly number[])[]
}

/** How often each kind of deed is done, compared with the others. */
const weights = {
  append: 30, change: 8, crash: 5, start: 8, stop: 2, backup: 4, restore: 3, 'lose disk': 2, 'flip bits': 3, 'fill disk': 1, 'jump clock': 1, trust: 4, untrust: 3, partition: 4, cut: 2, heal: 5, weather: 4
} as const
const folderWeights = { unmount: 3, mount: 3, 'keep folder': 1, 'roll back folder': 1, 'lose files': 2, 'spoil files': 2 } as const
const attackWeights = { attack: 8 } as const

/** A deed that makes sense in this scope. */
export function drawDeed (dice: Dice, scope: Scope): Deed {
  const { nodes, malicious, folders, closed } = scope
  const kind = dice.weighted({ ...weights, ...folders.length > 0 ? folderWeights : {}, ...malicious > 0 ? attackWeights : {} })
  const node = dice.below(nodes)
  const other = (node + 1 + dice.below(nodes - 1)) % nodes
  switch (kind) {
    case 'append': return { do: kind, node, count: dice.of([1, 1, 1, 2, 5, 30]), ...drawJournal(dice, node, closed) }
    case 'change': return { do: kind, node, ...drawJournal(dice, node, closed) }
    case 'crash': return { do: kind, node, power: dice.chance(0.5), points: dice.of([0, 1, 2, 3, 5, 8]), seed: dice.seed() }
    case 'fill disk': return { do: kind, node, times: 1 + dice.below(4) }
    case 'flip bits': return { do: kind, node, count: dice.of([1, 1, 3]), live: dice.chance(0.4), seed: dice.seed() }
    case 'jump clock': return { do: kind, node, ms: dice.of([-7_200_000, -60_000, 60_000, 7_200_000]) }
    case 'trust': case 'untrust': return { do: kind, node, other }
    case 'partition': return { do: kind, sides: dice.sides(nodes) }
    case 'cut': return { do: kind, from: node, to: other }
    case 'heal': return { do: kind }
    case 'weather': return { do: kind, conditions: drawWeather(dice) }
    case 'mount': case 'unmount': return { do: kind, folder: dice.below(folders.length), node }
    case 'keep folder': case 'roll back folder': return { do: kind, folder: dice.below(folders.length) }
    case 'lose files': case 'spoil files': return { do: kind, folder: dice.below(folders.length), chance: dice.of([0.1, 0.5, 1]) }
    case 'attack': return { do: kind, by: dice.below(malicious), node, how: dice.of(attacks) }
    case 'start': case 'stop': case 'backup': case 'restore': case 'lose disk': return { do: kind, node }
  }
}

/** The journal for everybody, or one that the node is on the list of. */
function drawJournal (dice: Dice, node: number, closed: Scope['closed']): { readonly journal?: number } {
  const own = closed.flatMap((members, index) => members.includes(node) ? index + 1 : [])
  return own.length > 0 && dice.chance(0.4) ? { journal: dice.of(own) } : {}
}

function drawWeather (dice: Dice): Extract<Action, { do: 'weather' }>['conditions'] {
  return {
    delayMs: dice.of([1, 20, 150]), jitterMs: dice.of([0, 10, 200]), loss: dice.of([0, 0.02, 0.2]), repeat: dice.of([0, 0.1]), reorder: dice.of([0, 0.2]), bytesPerSecond: dice.of([1e9, 1e6, 2e4])
  }
}
