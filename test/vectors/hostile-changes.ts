import { constants, deflateRawSync } from 'node:zlib'
import { chunk, chunkOfBody, columnsOf, encodeChange, leb128, signed, text, type HandMade, type Op } from '../core/automerge/encoder.ts'
import { newHandle, type Handle } from '../core/automerge/engine.ts'
import { hashOf } from './log-material.ts'
import { hex, run } from './material.ts'

/**
 * Why a change is refused (docs/protocol.md, "Log changes"): it is no chunk, it is not as Automerge writes it, it is too
 * large, it does not follow, it does something else than append, or what it appends is no entry.
 */
export type ReasonClass = 'chunk' | 'form' | 'bounds' | 'place' | 'append' | 'entry'

export interface HostileChange {
  readonly name: string
  readonly reason: ReasonClass
  readonly bytes: string
}

/** In the segment of the vectors: its list, the last text in it, and the number of the next operation. */
const [list, lastText, nextOp] = [4, 7, 8]
const actor = run(0xa0, 16)
const other = run(0xf0, 16)

/** The text of an entry that comes after all others. */
export function lateEntry (): string {
  return '{"id":"01ZZZZZZZZZZZZZZZZZZZZZZZZ","kind":"note","body":"x"}'
}

/** Changes that must be refused after these two. Whatever the name does not mention is right. */
export function makeHostileChanges (before: readonly Uint8Array[]): HostileChange[] {
  const head = hashOf(before.at(-1) as Uint8Array)
  const append = (op: Partial<Op> = {}): Op => ({ object: [0, list], key: [0, lastText], insert: true, value: text(lateEntry()), ...op })
  const make = (change: Partial<HandMade>, ops: readonly Op[] = [append()]) => encodeChange({ actor, seq: 3, startOp: nextOp, time: 1_700_000_000, deps: [head], columns: columnsOf(ops), ...change })
  const wrote = (edit: (handle: Handle, list: string) => void, message: string | null = null) => writeOn(before, edit, message)
  const good = make({})
  if (hex(wrote((handle, list) => handle.insert(list, 3, lateEntry(), 'str'))) !== hex(good)) throw new TypeError('a change made by hand must be as Automerge writes it')
  const columns = (changes: Record<number, Uint8Array>) => make({ columns: { ...columnsOf([append()]), ...changes } })
  const cases: Record<ReasonClass, Record<string, Uint8Array>> = {
    chunk: {
      'no bytes': new Uint8Array(0),
      'a missing last byte': good.subarray(0, -1),
      'a byte behind it': Buffer.concat([good, Uint8Array.of(0)]),
      'two changes': Buffer.concat([good, good]),
      'a wrong checksum': good.map((byte, index) => index === 4 ? byte ^ 1 : byte),
      'a chunk of type 2 (deflated) that unfolds to a million bytes': chunk(deflateRawSync(Buffer.alloc(1_000_000), { strategy: constants.Z_RLE }), 2),
      'a document in place of a change': chunk(Uint8Array.of(0, 0, 0, 0), 0),
      'a length in more bytes than it needs': chunkOfBody(Buffer.concat([good.subarray(8, 9), lengthen(good.subarray(9, 11)), good.subarray(11)]))
    },
    form: {
      'a run that could be longer': columns({ 0x42: Uint8Array.of(0x7f, 1, 0x7f, 1) }),
      'a literal where a run of one stands': columns({ 0x42: Uint8Array.of(1, 1) }),
      'a column of an unknown kind': columns({ 0x94: Uint8Array.of(0, 1) }),
      'a compressed column': columns({ 0x57: new Uint8Array(0), 0x5f: deflateRawSync(Buffer.from(lateEntry()), { strategy: constants.Z_HUFFMAN_ONLY }) }),
      'a message': wrote((handle, list) => handle.insert(list, 3, lateEntry(), 'str'), 'hello'),
      'bytes after its columns': make({ extra: Uint8Array.of(1) })
    },
    bounds: {
      'a hundred bytes that unfold to 8 million operations': make({ columns: repeated(8_000_000) }),
      '1,101 operations': make({ columns: repeated(1_101) }),
      'more dependencies than there are bytes': chunk(Buffer.concat([leb128(2 ** 40), new Uint8Array(40)]))
    },
    place: {
      'no dependency': make({ deps: [] }),
      'a dependency on the change before the last': make({ deps: [hashOf(before[0] as Uint8Array)] }),
      'two dependencies': make({ deps: [head, hashOf(before[0] as Uint8Array)].sort(Buffer.compare) }),
      'number 4 of its actor': make({ seq: 4 }),
      'number 2 of its actor again': make({ seq: 2 }),
      'operations that start too late': make({ startOp: nextOp + 1 }),
      'another actor in the name of the first': make({ actor: Uint8Array.from([...actor.subarray(0, 4), ...other.subarray(4)]), seq: 1 }),
      'an actor of 15 bytes': make({ actor: other.subarray(1), seq: 1 }),
      'another actor beside its own': make({ otherActors: [other] })
    },
    append: {
      'no operations': make({}, []),
      'a delete': wrote((handle, list) => handle.delete(list, 0)),
      'a delete beside an append': wrote((handle, list) => { handle.insert(list, 3, lateEntry(), 'str'); handle.delete(list, 0) }),
      'an entry put in place of another': wrote((handle, list) => handle.put(list, 0, lateEntry(), 'str')),
      'an insert at the head': wrote((handle, list) => handle.insert(list, 0, lateEntry(), 'str')),
      'an insert in the middle': wrote((handle, list) => handle.insert(list, 1, lateEntry(), 'str')),
      'a new key of the root': wrote((handle) => handle.put('_root', 'x', lateEntry(), 'str')),
      'another version in the root': wrote((handle) => handle.put('_root', 'v', 2, 'uint')),
      'a second list before the first is full': wrote((handle) => handle.insert(handle.putObject('_root', 'a0a1a2a3/001', []), 0, lateEntry(), 'str')),
      'a list in the name of another actor': wrote((handle) => handle.insert(handle.putObject('_root', 'b0b1b2b3/000', []), 0, lateEntry(), 'str')),
      'a map in the list': wrote((handle, list) => handle.insertObject(list, 3, {})),
      'an insert by another actor into this one\'s list': make({ actor: other, seq: 1, otherActors: [actor] }, [append({ object: [1, list], key: [1, lastText] })])
    },
    entry: {
      'a number in place of a text': wrote((handle, list) => handle.insert(list, 3, 1, 'uint')),
      'a text that does not begin with an id': make({}, [append({ value: text('{"kind":"note","body":1}') })]),
      'an id that is not one': make({}, [append({ value: text(lateEntry().replace('"01', '"81')) })]),
      'an id that does not come after the last': make({}, [append({ value: text(lateEntry().replace('01ZZZZ', '01AAAA')) })]),
      'two entries with one id': make({}, [append(), append({ key: [0, lastText + 1] })]),
      'bytes that are not UTF-8': make({}, [append({ value: [6, Buffer.concat([Buffer.from(lateEntry()), Uint8Array.of(0xff)])] })])
    }
  }
  return Object.entries(cases).flatMap(([reason, named]) => Object.entries(named).map(([name, bytes]) => ({ name, reason: reason as ReasonClass, bytes: hex(bytes) })))
}

/** What Automerge writes when the actor goes on after its changes. */
function writeOn (before: readonly Uint8Array[], edit: (handle: Handle, list: string) => void, message: string | null): Uint8Array {
  const handle = newHandle(actor)
  handle.loadIncremental(Buffer.concat(before))
  edit(handle, handle.getWithType('_root', 'a0a1a2a3/000')?.[1] ?? '')
  handle.commit(message, 1_700_000_000)
  const change = handle.getLastLocalChange()
  if (change === null) throw new TypeError('an edit must change something')
  return change
}

/** The columns of this many texts of no bytes, each column one run. */
function repeated (rows: number): Record<number, Uint8Array> {
  const run = (value: number) => Buffer.concat([signed(rows), leb128(value)])
  return { 0x01: run(0), 0x02: run(list), 0x11: run(0), 0x13: run(1), 0x34: Buffer.concat([leb128(0), leb128(rows)]), 0x42: run(1), 0x56: run(6), 0x70: run(0) }
}

/** A LEB128 number of two bytes in three. */
function lengthen (number: Uint8Array): Uint8Array {
  return Uint8Array.of(number[0] ?? 0, (number[1] ?? 0) | 0x80, 0)
}
