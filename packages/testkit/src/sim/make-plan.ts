import { seededRandom } from '../seeded-random.ts'
import { Dice } from './dice.ts'
import { drawDeed } from './draw-deed.ts'
import type { Plan } from './plan.ts'

export interface PlanOptions {
  readonly seed: number
  readonly nodes: number
  readonly minutes: number
}

const actionsPerSecond = 0.5

type Pairs = readonly (readonly [number, number])[]

/** The plan of a seed. */
export function makePlan ({ seed, nodes, minutes }: PlanOptions): Plan {
  const dice = new Dice(seededRandom(seed))
  const durationMs = Math.round(minutes * 60_000)
  const malicious = Array.from({ length: dice.below(3) }, () => dice.some(nodes, 0.4))
  const folders = drawFolders(dice, nodes)
  const closed = nodes > 2 && dice.chance(0.35) ? [drawMembers(dice, nodes)] : []
  const scope = { nodes, malicious: malicious.length, folders, closed }
  const deeds = Array.from({ length: Math.max(4, Math.round(durationMs / 1000 * actionsPerSecond * Math.sqrt(nodes / 4))) }, () => ({ ...drawDeed(dice, scope), at: dice.below(durationMs) }))
  return {
    seed,
    nodes,
    durationMs,
    sync: { intervalSecs: dice.of([2, 10, 10]), batchSize: dice.of([1, 3, 50]), maxLagBeforeFullSync: dice.of([1, 5, 1000]) },
    late: nodes > 2 && dice.chance(0.4) ? [nodes - 1] : [],
    strangers: dice.chance(0.5) ? [] : everyPair(nodes).filter(() => dice.chance(0.2)),
    malicious,
    folders,
    apart: drawApart(dice, nodes, folders, closed),
    closed,
    actions: deeds.sort((a, b) => a.at - b.at)
  }
}

/** None, one that all have, one that some have, or two. */
function drawFolders (dice: Dice, nodes: number): number[][] {
  const all = [...Array(nodes).keys()]
  return dice.of([[], [], [all], [dice.some(nodes, 0.7)], [dice.some(nodes, 0.7), dice.some(nodes, 0.7)]])
}

/** Two nodes at least, and not all. */
function drawMembers (dice: Dice, nodes: number): number[] {
  const out = dice.below(nodes)
  return [...Array(nodes).keys()].filter((node) => node !== out).filter((_, index) => index < 2 || dice.chance(0.5))
}

/**
 * Pairs that never meet: all of those that a folder brings together, some of them, or some with a third between them. Who share a
 * closed journal do meet, since it goes into no folder.
 */
function drawApart (dice: Dice, nodes: number, folders: readonly (readonly number[])[], closed: readonly (readonly number[])[]): Pairs {
  const both = (groups: readonly (readonly number[])[], [one, two]: readonly [number, number]) => groups.some((group) => group.includes(one) && group.includes(two))
  const hub = dice.below(nodes)
  const chance = dice.of([0, 0.3, 1])
  return everyPair(nodes).filter((pair) => pair[0] < pair[1] && !both(closed, pair)).filter((pair) => dice.chance(both(folders, pair) ? chance : pair.includes(hub) ? 0 : 0.15))
}

function everyPair (nodes: number): [number, number][] {
  const numbers = [...Array(nodes).keys()]
  return numbers.flatMap((node) => numbers.filter((other) => other !== node).map((other): [number, number] => [node, other]))
}
