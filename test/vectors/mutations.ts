import { sign } from 'node:crypto'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import type { LogEnvelope } from '@akshi/core'
import { alpha, hex, meshId, run } from './material.ts'

/** An envelope that must be refused. Whatever the name does not mention is right, the signature included. */
export interface Mutation {
  readonly name: string
  readonly mesh: string
  readonly bytes: string
}

interface Parts {
  readonly protectedHeader: Uint8Array
  readonly unprotected?: Uint8Array
  readonly payload: Uint8Array
  readonly signature?: Uint8Array
}

type Fields = ReadonlyMap<string, unknown>

/** R is the neutral point and S is 0: under a key of small order this "signs" what it likes. */
const nullSignature = Uint8Array.of(1, ...new Array<number>(63).fill(0))
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n

/** Mutations of the second envelope of a feed. */
export function makeMutations ({ header, payload, bytes }: LogEnvelope): Mutation[] {
  const fields: Fields = new Map<string, unknown>([['v', 1], ...Object.entries(header)])
  const make = (change: Record<string, unknown>, outer: Record<number, unknown> = {}, parts: Partial<Parts> = {}) =>
    assemble({ protectedHeader: protect(withChanges(fields, change), outer), payload, ...parts })
  const good = protect(fields, {})
  if (hex(make({})) !== hex(bytes)) throw new TypeError('an unchanged envelope must come out as it went in')
  const [protectedAt, unprotectedAt, payloadAt] = [4, 4 + good.length, 4 + good.length + 3]
  const cases: Record<string, Uint8Array> = {
    'a flipped bit in the tag': flip(bytes, 0),
    'a flipped bit in the array': flip(bytes, 1),
    'a flipped bit in the length of the protected header': flip(bytes, 3),
    'a flipped bit in the protected header': flip(bytes, protectedAt + 10),
    'a flipped bit in the unprotected header': flip(bytes, unprotectedAt),
    'a flipped bit in the payload': flip(bytes, payloadAt + 10),
    'a flipped bit in the signature': flip(bytes, bytes.length - 40),
    'a trailing byte': Buffer.concat([bytes, Uint8Array.of(0)]),
    'a missing last byte': bytes.subarray(0, -1),
    'no bytes': new Uint8Array(0),
    'no tag': bytes.subarray(1),
    'an unprotected header that is not empty': make({}, {}, { unprotected: encodeCbor(new Map([[4, alpha.publicKey]])) }),
    'a detached payload (null)': Buffer.concat([Uint8Array.of(0xd2, 0x84), encodeCbor(good), Uint8Array.of(0xa0, 0xf6), encodeCbor(new Uint8Array(64))]),
    'a protected header of indefinite length': assemble({ protectedHeader: Uint8Array.of(0xbf, ...good.subarray(1), 0xff), payload }),
    'protected labels out of order': assemble({ protectedHeader: swapLabels(good), payload }),
    'an integer longer than needed': assemble({ protectedHeader: lengthen(good), payload }),
    'a length longer than needed': Buffer.concat([bytes.subarray(0, bytes.length - 66), Uint8Array.of(0x59, 0, 64), bytes.subarray(-64)]),
    'a further protected label': make({}, { 5: run(0, 8) }),
    'a further field': make({ extra: 1 }),
    'alg -19 (Ed25519)': make({}, { 1: -19 }),
    'alg -7 (ES256)': make({}, { 1: -7 }),
    'no alg': make({}, { 1: undefined }),
    'the content type of announcements': make({}, { 3: 60 }),
    'no content type': make({}, { 3: undefined }),
    'a kid of 31 bytes': make({}, { 4: alpha.publicKey.subarray(1) }),
    'the kid of another node': make({}, { 4: run(1, 32) }),
    'a kid of small order': make({}, { 4: Uint8Array.of(1, ...new Array<number>(31).fill(0)) }, { signature: nullSignature }),
    'a signature whose S is the group order too large': Buffer.concat([bytes.subarray(0, -32), addOrder(bytes.subarray(-32))]),
    'version 2': make({ v: 2 }),
    'an unknown kind': make({ kind: 'a2a' }),
    'seq 0': make({ seq: 0 }),
    'seq 0 without prev': make({ seq: 0, prev: undefined }),
    'a seq that is a float': make({ seq: 1.5 }),
    'a seq of 2^53': make({ seq: 2n ** 53n }),
    'a missing prev': make({ prev: undefined }),
    'a prev on seq 1': make({ seq: 1 }),
    'a prev of 31 bytes': make({ prev: run(0, 31) }),
    'an actor of 15 bytes': make({ actor: run(0, 15) }),
    'a head of 31 bytes': make({ heads: [run(0, 31)] }),
    'more than 64 heads': make({ heads: Array.from({ length: 65 }, () => run(0, 32)) }),
    'no heads': make({ heads: undefined }),
    'a part that is neither log nor state': make({ part: 'logs' }),
    'a journal name with a slash': make({ journal: '../notes' }),
    'no segment': make({ segment: undefined }),
    'no entries': make({ entries: undefined }),
    'a number of entries that is a text': make({ entries: '3' }),
    'a state with a segment and entries': make({ part: 'state' }),
    'no at': make({ at: undefined }),
    'a negative at': make({ at: -1 })
  }
  return [
    { name: 'another mesh id', mesh: 'another', bytes: hex(bytes) },
    ...Object.entries(cases).map(([name, mutated]) => ({ name, mesh: meshId, bytes: hex(mutated) }))
  ]
}

function withChanges (fields: Fields, changes: Record<string, unknown>): Fields {
  return new Map([...fields, ...Object.entries(changes)].filter(([name]) => !(name in changes) || changes[name] !== undefined))
}

function protect (fields: Fields, outer: Record<number, unknown>): Uint8Array {
  const labels = new Map<number, unknown>([[1, -8], [3, 42], [4, alpha.publicKey], [-65537, fields]])
  for (const [label, value] of Object.entries(outer)) labels.set(Number(label), value)
  return encodeCbor(new Map([...labels].filter(([, value]) => value !== undefined)))
}

/** Encodes and signs as alpha, whatever the parts say. */
export function assemble ({ protectedHeader, unprotected = Uint8Array.of(0xa0), payload, signature }: Parts): Uint8Array {
  const toBeSigned = encodeCbor(['Signature1', protectedHeader, Buffer.from(`akshi-mesh/envelope/v1\0${meshId}`), payload])
  const signed = signature ?? sign(null, toBeSigned, alpha.privateKey)
  return Buffer.concat([Uint8Array.of(0xd2, 0x84), encodeCbor(protectedHeader), unprotected, encodeCbor(payload), encodeCbor(signed)])
}

function flip (bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => index === at ? byte ^ 1 : byte)
}

/** Puts label 3 (`03 182a`) before label 1 (`01 27`). */
function swapLabels (header: Uint8Array): Uint8Array {
  return Uint8Array.of(...header.subarray(0, 1), ...header.subarray(3, 6), ...header.subarray(1, 3), ...header.subarray(6))
}

/** Writes the content type, 42, in two bytes. */
function lengthen (header: Uint8Array): Uint8Array {
  return Uint8Array.of(...header.subarray(0, 4), 0x19, 0, ...header.subarray(5))
}

function addOrder (scalar: Uint8Array): Uint8Array {
  const value = BigInt('0x' + hex(scalar.toReversed())) + groupOrder
  return new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')).toReversed()
}
