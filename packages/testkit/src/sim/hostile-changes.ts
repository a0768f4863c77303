import { createHash } from 'node:crypto'
import { peekItem, sealEnvelope, type Identity, type StateEnvelope } from '@akshi/core'
import type { StateAttack } from './plan.ts'
import { isAnnouncement } from './items.ts'
import { meshId } from './simulated-node.ts'

interface Change {
  readonly actor: Uint8Array
  readonly seq: number
  readonly startOp: number
  readonly deps: readonly Uint8Array[]
  /** By number, in ascending order. */
  readonly columns: readonly (readonly [number, readonly number[]])[]
}

/** Puts a 1 under the key "hostile" of the root, which nobody must ever show. */
const one: Change['columns'] = [[0x15, [0x7f, 7, ...Buffer.from('hostile')]], [0x34, [1]], [0x42, [0x7f, 1]], [0x56, [0x7f, 0x13]], [0x57, [1]], [0x70, [0x7f, 0]]]
const unfoldedOps = 8_000_000

/**
 * Envelopes of a state that are signed well and must be refused: an honest one of the same origin comes first, so that
 * they have a place. `others` are envelopes that the malicious peer got, of others and maybe of itself.
 */
export function makeHostileState (how: StateAttack, identity: Identity, own: StateEnvelope, others: readonly StateEnvelope[]): Uint8Array[] {
  const base = { actor: own.header.actor, seq: 2, startOp: 2, deps: [hashOf(own.payload)], columns: one }
  const seal = (change: Partial<Change>, told: Partial<StateEnvelope['header']> = {}) => {
    const payload = encodeChange({ ...base, ...change })
    const { journal, at } = own.header
    return sealEnvelope(identity, meshId, { kind: 'journal', journal, part: 'state', seq: 2, prev: own.id, actor: change.actor ?? base.actor, heads: [hashOf(payload)], at, ...told }, payload).bytes
  }
  switch (how) {
    case 'unfold': return [seal({ columns: repeated(unfoldedOps) }), seal({ columns: repeated(unfoldedOps) }, { seq: 1, prev: undefined })]
    case 'impersonate': return others.filter(({ origin }) => origin !== identity.did).flatMap(({ header: { actor }, payload }) => [seal({ actor, seq: 1 }), seal({ actor, deps: [hashOf(payload)], startOp: 1_000 })])
    case 'jump': return [seal({ seq: 9 }), seal({ startOp: 1 }), seal({ startOp: 2 ** 31 }), seal({}, { seq: 2 ** 40 }), seal({ deps: [new Uint8Array(32)] }, { prev: new Uint8Array(32) })]
    case 'poison': return [seal({ columns: underProto() }), seal({ columns: elementThatIsNone(base.startOp) })]
  }
}

/** The envelopes of states among items. */
export function statesIn (items: readonly Uint8Array[]): StateEnvelope[] {
  return items.filter((bytes) => !isAnnouncement(bytes)).map((bytes) => peekItem(bytes, meshId).envelope).filter((envelope): envelope is StateEnvelope => envelope.header.part === 'state')
}

/** A change chunk (https://automerge.org/automerge-binary-format-spec/), whatever its columns hold. */
function encodeChange ({ actor, seq, startOp, deps, columns }: Change): Uint8Array {
  const content = Buffer.concat([
    leb128(deps.length), ...deps, leb128(actor.length), actor, leb128(seq), leb128(startOp), leb128(0), leb128(0), leb128(0),
    leb128(columns.length), ...columns.flatMap(([column, { length }]) => [leb128(column), leb128(length)]), ...columns.map(([, bytes]) => Uint8Array.from(bytes))
  ])
  const body = Buffer.concat([Uint8Array.of(1), leb128(content.length), content])
  return Buffer.concat([Uint8Array.of(0x85, 0x6f, 0x4a, 0x83), createHash('sha256').update(body).digest().subarray(0, 4), body])
}

/** A change's hash: what its checksum is the beginning of. */
function hashOf (change: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(change.subarray(8)).digest())
}

/** One operation, so many times. */
function repeated (rows: number): Change['columns'] {
  const count = [...signed(rows)]
  return [[0x15, [...count, 1, 0x6b]], [0x34, [...leb128(rows)]], [0x42, [...count, 1]], [0x56, [...count, 3]], [0x70, [...count, 0]]]
}

/** Makes a list and puts something behind an element of it that is none: Automerge panics. */
function elementThatIsNone (startOp: number): Change['columns'] {
  return [
    [0x01, [0, 1, 0x7f, 0]], [0x02, [0, 1, 0x7f, startOp]], [0x11, [0, 1, 0x7f, 0]], [0x13, [0, 1, 0x7f, startOp]], [0x15, [0x7f, 1, 0x6c, 0, 1]],
    [0x34, [1, 1]], [0x42, [0x7e, 2, 1]], [0x56, [0x7e, 0, 0x13]], [0x57, [1]], [0x70, [2, 0]]
  ]
}

function underProto (): Change['columns'] {
  return [[0x15, [0x7f, 9, ...Buffer.from('__proto__')]], ...one.slice(1)]
}

function leb128 (value: number): Uint8Array {
  const bytes: number[] = []
  let left = value
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128)
  return Uint8Array.of(...bytes, left)
}

/** Signed LEB128 of a number above 0. */
function signed (value: number): Uint8Array {
  const bytes = leb128(value)
  const last = bytes.at(-1) ?? 0
  return last < 64 ? bytes : Uint8Array.of(...bytes.subarray(0, -1), last + 128, 0)
}
