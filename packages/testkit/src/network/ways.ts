import { createHash } from 'node:crypto'
import type { Did, Random } from '@akshi/core'
import { seededRandom } from '../seeded-random.ts'
import { goodConditions, type LinkConditions } from './link-conditions.ts'

interface Way { readonly random: Random, busyUntil: number }

const overtakenForMs = 500

/** The ways between nodes, each in one direction, with conditions and chance of its own: what happens on one does not depend on the others. */
export class Ways {
  readonly #seed: number
  readonly #ways = new Map<string, Way>()
  readonly #own = new Map<string, Partial<LinkConditions>>()
  #conditions: LinkConditions

  constructor (seed: number, conditions: Partial<LinkConditions>) {
    this.#seed = seed
    this.#conditions = { ...goodConditions, ...conditions }
  }

  set (conditions: Partial<LinkConditions>): void { this.#conditions = { ...this.#conditions, ...conditions } }

  setLink (from: Did, to: Did, conditions: Partial<LinkConditions> | undefined): void {
    const key = `${from} ${to}`
    if (conditions === undefined) this.#own.delete(key)
    else this.#own.set(key, { ...this.#own.get(key), ...conditions })
  }

  conditions (from: Did, to: Did): LinkConditions {
    return { ...this.#conditions, ...this.#own.get(`${from} ${to}`) }
  }

  chance (from: Did, to: Did): Random { return this.#way(from, to).random }

  /** How long a message takes that is sent now. */
  delayMs (from: Did, to: Did, bytes: number, now: number): number {
    const { delayMs, jitterMs, reorder, bytesPerSecond } = this.conditions(from, to)
    const way = this.#way(from, to)
    way.busyUntil = Math.max(now, way.busyUntil) + bytes / bytesPerSecond * 1_000
    const held = way.random.uniform() < reorder ? way.random.uniform() * overtakenForMs : 0
    return way.busyUntil - now + delayMs + way.random.uniform() * jitterMs + held
  }

  #way (from: Did, to: Did): Way {
    const key = `${from} ${to}`
    const known = this.#ways.get(key)
    if (known !== undefined) return known
    const way = { random: seededRandom(createHash('sha256').update(`${this.#seed} ${key}`).digest().readInt32LE()), busyUntil: 0 }
    this.#ways.set(key, way)
    return way
  }
}
