import type { StateEnvelope, StateHeader } from '@akshi/core'
import { actorOf } from '../../packages/core/src/journal/state/state-actor.ts'
import { columnsOf, encodeChange, leb128, signed, type HandMade, type Op } from '../core/automerge/encoder.ts'
import { hashOf } from './log-material.ts'
import { alpha, beta, hex, run } from './material.ts'
import { randoms, sealState, type MadeStateEnvelope } from './state-material.ts'

/**
 * Why an envelope of a state is refused (docs/protocol.md, "State"): its payload is no change, or one that unfolds to too
 * much; its header tells of another change; its actor is not one of its origin; it is not what comes next; its operations
 * refer to what is not there, or nest too deep; or it is a second change of one actor and number.
 */
export type StateReason = 'chunk' | 'bounds' | 'header' | 'actor' | 'place' | 'operations' | 'twin'

export interface HostileState {
  readonly name: string
  readonly reason: StateReason
  readonly bytes: string
}

/** The number of the next operation. */
const nextOp = 21

/** Envelopes of alpha that must be refused by whoever has all of these. Whatever the name does not mention is right. */
export function makeHostileState (made: readonly MadeStateEnvelope[]): HostileState[] {
  const [begin, answer, aside, joined] = made.map(({ envelope }) => envelope) as [StateEnvelope, StateEnvelope, StateEnvelope, StateEnvelope]
  const old = actorOf(randoms.alpha, alpha.did)
  const fresh = actorOf(run(0x70, 8), alpha.did)
  const head = hashOf(joined.payload)
  const make = (change: Partial<HandMade> = {}) => encodeChange({ actor: fresh, seq: 1, startOp: nextOp, time: 1_700_000_000, deps: [head], columns: columnsOf([one]), ...change })
  const seal = (change: Uint8Array, told: Partial<StateHeader> = {}, before = aside) => sealState(alpha, change, before, told)
  const toldAll = { actor: fresh, heads: [run(0, 32)] }
  const cases: Record<StateReason, Record<string, StateEnvelope>> = {
    chunk: {
      'a payload that is no chunk': seal(run(0, 40), toldAll),
      'a byte behind the change': seal(Buffer.concat([make(), Uint8Array.of(0)]), { actor: fresh, heads: [hashOf(make())] })
    },
    bounds: {
      'a hundred bytes that unfold to 8 million operations': seal(make({ columns: repeated(8_000_000) }), toldAll),
      '100,001 operations': seal(make({ columns: repeated(100_001) }), toldAll)
    },
    header: {
      'heads that name another change': seal(make(), { heads: [run(0, 32)] }),
      'two heads': seal(make(), { heads: [hashOf(make()), head].sort(Buffer.compare) }),
      'an actor that is not the change\'s': seal(make(), { actor: old })
    },
    actor: {
      'an actor of beta': seal(make({ actor: actorOf(run(0x70, 8), beta.did) })),
      'an actor of nobody': seal(make({ actor: run(0, 16) }))
    },
    place: {
      'number 2 of a new actor': seal(make({ seq: 2 })),
      'number 4 of its actor': seal(make({ actor: old, seq: 4 })),
      'operations that start too late': seal(make({ startOp: nextOp + 1 })),
      'operations that start too early': seal(make({ startOp: nextOp - 1 })),
      'a change that does not build on its predecessor': seal(make({ deps: [hashOf(answer.payload)], startOp: 20 })),
      'an envelope of beta as its predecessor': seal(make(), { prev: answer.id, seq: 2 })
    },
    operations: {
      'a key of an object that is not there': seal(make({ columns: columnsOf([{ object: [0, 5], ...one }]) })),
      'a key of an object that comes later': seal(make({ columns: columnsOf([{ object: [0, nextOp], ...one }, { action: 2, key: 'l' }]) })),
      'a value that replaces one that is not there': seal(make({ columns: columnsOf([{ ...one, pred: [[0, 5]] }]) })),
      'maps nested 65 deep': seal(make({ columns: columnsOf(nested(65)) })),
      'a key __proto__': seal(make({ columns: columnsOf([{ ...one, key: '__proto__' }]) }))
    },
    twin: {
      'another change 2 of its actor': seal(make({ actor: old, seq: 2, deps: [hashOf(begin.payload)], startOp: 14 }), {}, begin)
    }
  }
  return Object.entries(cases).flatMap(([reason, named]) => Object.entries(named).map(([name, { bytes }]) => ({ name, reason: reason as StateReason, bytes: hex(bytes) })))
}

/** Puts 1 under a key. */
const one: Op = { key: 'k', value: [3, Uint8Array.of(1)] }

/** Maps, each in the one before. */
function nested (depth: number): Op[] {
  return Array.from({ length: depth }, (_, index) => ({ key: 'k', action: 0, ...index > 0 && { object: [0, nextOp + index - 1] as const } }))
}

/** The columns of an operation that puts 0 under one key, this many times. */
function repeated (rows: number): Record<number, Uint8Array> {
  const run = (...value: readonly number[]) => Buffer.concat([signed(rows), Uint8Array.from(value)])
  return { 0x15: run(1, 0x6b), 0x34: leb128(rows), 0x42: run(1), 0x56: run(0x03), 0x70: run(0) }
}
