import type { Random } from '@akshi/core'
import { seededRandom } from '../seeded-random.ts'
import type { Action, Attack, Deed, Plan } from './plan.ts'

export interface PlanOptions {
  readonly seed: number
  readonly nodes: number
  readonly minutes: number
}

/** How often each kind of deed is done, compared with the others. */
const weights = {
  append: 30, change: 8, crash: 5, start: 8, stop: 2, backup: 4, restore: 3, 'lose disk': 2, 'fill disk': 1, 'jump clock': 1, trust: 4, untrust: 3, partition: 4, cut: 2, heal: 5, weather: 4, attack: 6
} as const
type Kind = keyof typeof weights

const actionsPerSecond = 0.5
const attacks: readonly Attack[] = ['forge', 'replay', 'equivocate', 'flood', 'lie']

/** The plan of a seed. */
export function makePlan ({ seed, nodes, minutes }: PlanOptions): Plan {
  const dice = new Dice(seededRandom(seed))
  const durationMs = Math.round(minutes * 60_000)
  const pairs = everyPair(nodes)
  const malicious = Array.from({ length: dice.below(3) }, () => dice.some(nodes, 0.4))
  const deeds = Array.from({ length: Math.max(4, Math.round(durationMs / 1000 * actionsPerSecond * Math.sqrt(nodes / 4))) }, () => ({ ...drawDeed(dice, nodes, malicious.length), at: dice.below(durationMs) }))
  return {
    seed,
    nodes,
    durationMs,
    sync: { intervalSecs: dice.of([2, 10, 10]), batchSize: dice.of([1, 3, 50]), maxLagBeforeFullSync: dice.of([1, 5, 1000]) },
    late: nodes > 2 && dice.chance(0.4) ? [nodes - 1] : [],
    strangers: dice.chance(0.5) ? [] : pairs.filter(() => dice.chance(0.2)),
    malicious,
    actions: deeds.sort((a, b) => a.at - b.at)
  }
}

function everyPair (nodes: number): [number, number][] {
  const numbers = [...Array(nodes).keys()]
  return numbers.flatMap((node) => numbers.filter((other) => other !== node).map((other): [number, number] => [node, other]))
}

function drawDeed (dice: Dice, nodes: number, malicious: number): Deed {
  const kind = dice.weighted(weights)
  const node = dice.below(nodes)
  const other = (node + 1 + dice.below(nodes - 1)) % nodes
  switch (kind) {
    case 'append': return { do: kind, node, count: dice.of([1, 1, 1, 2, 5, 30]) }
    case 'crash': return { do: kind, node, power: dice.chance(0.5), points: dice.of([0, 1, 2, 3, 5, 8]), seed: dice.below(2 ** 31) }
    case 'fill disk': return { do: kind, node, times: 1 + dice.below(4) }
    case 'jump clock': return { do: kind, node, ms: dice.of([-7_200_000, -60_000, 60_000, 7_200_000]) }
    case 'trust': case 'untrust': return { do: kind, node, other }
    case 'partition': return { do: kind, sides: dice.sides(nodes) }
    case 'cut': return { do: kind, from: node, to: other }
    case 'heal': return { do: kind }
    case 'weather': return { do: kind, conditions: drawWeather(dice) }
    case 'attack': return malicious === 0 ? { do: 'append', node, count: 1 } : { do: kind, by: dice.below(malicious), node, how: dice.of(attacks) }
    case 'change': case 'start': case 'stop': case 'backup': case 'restore': case 'lose disk': return { do: kind, node }
  }
}

function drawWeather (dice: Dice): Extract<Action, { do: 'weather' }>['conditions'] {
  return {
    delayMs: dice.of([1, 20, 150]), jitterMs: dice.of([0, 10, 200]), loss: dice.of([0, 0.02, 0.2]), repeat: dice.of([0, 0.1]), reorder: dice.of([0, 0.2]), bytesPerSecond: dice.of([1e9, 1e6, 2e4])
  }
}

/** Draws from a seed. */
class Dice {
  readonly #random: Random

  constructor (random: Random) {
    this.#random = random
  }

  below (limit: number): number { return Math.floor(this.#random.uniform() * limit) }
  chance (chance: number): boolean { return this.#random.uniform() < chance }
  of<Value> (values: readonly Value[]): Value { return values[this.below(values.length)] as Value }
  some (count: number, chance: number): number[] { return [...Array(count).keys()].filter(() => this.chance(chance)) }

  weighted (table: Readonly<Record<Kind, number>>): Kind {
    const rows = Object.entries(table) as [Kind, number][]
    let left = this.#random.uniform() * rows.reduce((sum, [, weight]) => sum + weight, 0)
    return rows.find(([, weight]) => (left -= weight) < 0)?.[0] ?? 'append'
  }

  sides (nodes: number): number[][] {
    const one = this.some(nodes, 0.5)
    return [one, [...Array(nodes).keys()].filter((node) => !one.includes(node))]
  }
}
