import { actorNameOf } from './append-plan.ts'
import type { SegmentHistory } from './document-writer.ts'
import type { Turn } from './segment-document.ts'

/** Who wrote which changes of a segment, as it grows. */
export class History implements SegmentHistory {
  readonly actors: Uint8Array[]
  readonly turns: Turn[]
  readonly lastOps: number[]
  readonly times: number[]
  /** What the lists of the actors are named by. */
  readonly #names: Set<string>

  constructor ({ actors, turns, lastOps, times }: SegmentHistory = { actors: [], turns: [], lastOps: [], times: [] }) {
    this.actors = [...actors]
    this.turns = turns.map((turn) => ({ ...turn }))
    this.lastOps = [...lastOps]
    this.times = [...times]
    this.#names = new Set(actors.map(actorNameOf))
  }

  /** Whether an actor of the same name, or this one, has written. */
  hasNamesake (actor: Uint8Array): boolean {
    return this.#names.has(actorNameOf(actor))
  }

  /** Notes a change whose operations follow `before` up to `lastOp`. */
  add (actor: Uint8Array, before: number, lastOp: number, time: number): void {
    const turn = this.turns.at(-1)
    if (turn !== undefined && this.hasNamesake(actor)) {
      turn.changes++
      turn.lastOp = lastOp
    } else {
      this.actors.push(actor.slice())
      this.#names.add(actorNameOf(actor))
      this.turns.push({ actor: this.actors.length - 1, changes: 1, firstOp: before + 1, lastOp })
    }
    this.lastOps.push(lastOp)
    this.times.push(time)
  }
}
