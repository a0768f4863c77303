import type { Random } from '@akshi/core'

/** Draws from a seed. */
export class Dice {
  readonly #random: Random

  constructor (random: Random) {
    this.#random = random
  }

  below (limit: number): number { return Math.floor(this.#random.uniform() * limit) }
  chance (chance: number): boolean { return this.#random.uniform() < chance }
  of<Value> (values: readonly Value[]): Value { return values[this.below(values.length)] as Value }
  some (count: number, chance: number): number[] { return [...Array(count).keys()].filter(() => this.chance(chance)) }
  seed (): number { return this.below(2 ** 31) }

  /** One of the keys, each as often as its weight says. */
  weighted<Kind extends string> (table: Readonly<Partial<Record<Kind, number>>>): Kind {
    const rows = Object.entries(table) as [Kind, number][]
    let left = this.#random.uniform() * rows.reduce((sum, [, weight]) => sum + weight, 0)
    return rows.find(([, weight]) => (left -= weight) < 0)?.[0] ?? (rows[0] as [Kind, number])[0]
  }

  sides (nodes: number): number[][] {
    const one = this.some(nodes, 0.5)
    return [one, [...Array(nodes).keys()].filter((node) => !one.includes(node))]
  }
}
