import type { Did } from '@akshi/core'

/** Who can reach whom. */
export class Topology {
  #sides: readonly ReadonlySet<Did>[] = []
  readonly #cuts = new Set<string>()
  readonly #apart = new Set<string>()

  /** Nodes of different sides do not reach each other; a node of none reaches all. A new partition takes the old one's place. */
  partition (sides: readonly Iterable<Did>[]): void {
    this.#sides = sides.map((side) => new Set(side))
  }

  cut (from: Did, to: Did): void {
    this.#cuts.add(`${from} ${to}`)
  }

  mend (from: Did, to: Did): void {
    this.#cuts.delete(`${from} ${to}`)
  }

  /** For good. */
  keepApart (one: Did, two: Did): void {
    for (const pair of [`${one} ${two}`, `${two} ${one}`]) this.#apart.add(pair)
  }

  heal (): void {
    this.#sides = []
    this.#cuts.clear()
  }

  reaches (from: Did, to: Did): boolean {
    const [one, two] = [this.#sideOf(from), this.#sideOf(to)]
    return ![this.#cuts, this.#apart].some((pairs) => pairs.has(`${from} ${to}`)) && (one === undefined || two === undefined || one === two)
  }

  #sideOf (did: Did): ReadonlySet<Did> | undefined {
    return this.#sides.find((side) => side.has(did))
  }
}
