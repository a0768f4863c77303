import { constants, deflateRawSync } from 'node:zlib'
import { sealEnvelope, type JournalEnvelope, type LogEnvelope } from '@akshi/core'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import { editDocument, type Parts } from '../core/automerge/document-editor.ts'
import { leb128, rle, signed } from '../core/automerge/encoder.ts'
import { documentOf, makeSnapshot, type MadeLogEnvelope } from './log-material.ts'
import { alpha, hex, meshId, run } from './material.ts'

/**
 * Why a snapshot is refused (docs/protocol.md, "Snapshots"): it has not the shape of one, its proof is not a good envelope
 * of a log, its document does not unfold as it says, is not such a chunk, not in Automerge's form or not what log changes
 * make, or it is another than the proof signs.
 */
export type SnapshotReason = 'shape' | 'proof' | 'unfolding' | 'chunk' | 'form' | 'chain' | 'append' | 'entry' | 'head'

export interface HostileSnapshot {
  readonly name: string
  readonly reason: SnapshotReason
  readonly bytes: string
}

/** Snapshots that must be refused. Whatever the name does not mention is right, the checksum of the document included. */
export function makeHostileSnapshots (segment: MadeLogEnvelope, entries: readonly string[], state: JournalEnvelope): HostileSnapshot[] {
  const document = documentOf(segment)
  const { envelope: proof } = segment
  const good = makeSnapshot(proof, document)
  const told = (header: Partial<LogEnvelope['header']>) => makeSnapshot(sealEnvelope(alpha, meshId, { ...proof.header, ...header }, proof.payload), document)
  const edited = (edit: (parts: Parts) => void) => makeSnapshot(proof, editDocument(document, edit))
  const assembled = (bytes: Uint8Array, length: number, deflated: Uint8Array) => frame(encodeCbor(bytes), encodeCbor(length), encodeCbor(deflated))
  const deflated = deflateRawSync(document, huffman)
  const cases: Record<SnapshotReason, Record<string, Uint8Array>> = {
    shape: {
      'a missing last byte': good.subarray(0, -1),
      'a byte behind it': Buffer.concat([good, Uint8Array.of(0)]),
      'another tag': good.map((byte, index) => index === 4 ? 0x69 : byte),
      'two parts': frame(encodeCbor(proof.bytes), encodeCbor(document.length)),
      'a length in more bytes than it needs': frame(encodeCbor(proof.bytes), Uint8Array.of(0x1a, 0, 0, document.length >> 8, document.length & 0xff), encodeCbor(deflated)),
      'a text in place of bytes': frame(encodeCbor(proof.bytes), encodeCbor(document.length), encodeCbor('text')),
      'a stated length of 8 MiB': assembled(proof.bytes, 8 << 20, deflated)
    },
    proof: {
      'a flipped bit in the signature of its proof': flip(good, Buffer.from(good).indexOf(proof.bytes.subarray(-64)) + 20),
      'a proof of a state': assembled(state.bytes, document.length, deflated),
      'a proof of another mesh': makeSnapshot(sealEnvelope(alpha, 'another', proof.header, proof.payload), document)
    },
    unfolding: {
      'a stated length that is one less': makeSnapshot(proof, document, document.length - 1),
      'a stated length that is one more': makeSnapshot(proof, document, document.length + 1),
      'a kilobyte that unfolds to a million': assembled(proof.bytes, document.length, deflateRawSync(Buffer.alloc(1_000_000), { strategy: constants.Z_RLE })),
      'a deflated document that is cut short': assembled(proof.bytes, document.length, deflated.subarray(0, -10)),
      'a document that is not deflated': assembled(proof.bytes, document.length, document)
    },
    chunk: {
      'a wrong checksum': makeSnapshot(proof, flip(document, 4)),
      'a change in place of a document': makeSnapshot(proof, proof.payload),
      nothing: makeSnapshot(proof, new Uint8Array(0))
    },
    form: {
      'a compressed column': edited(({ ops }) => { ops[values | 8] = deflateRawSync(ops[values] as Uint8Array, huffman); delete ops[values] }),
      'an unknown column': edited(({ ops }) => { ops[0x94] = Uint8Array.of(0, 1) }),
      'its actors out of order': edited((each) => { each.actors = [run(0xf0, 16), ...each.actors] })
    },
    chain: {
      'two heads': edited(({ heads }) => heads.push(new Uint8Array(32))),
      'a change that nothing depends on': edited(({ changes }) => { changes[0x40] = rle([0, 0], leb128); delete changes[0x43] }),
      'a change that skips a number': edited(({ changes }) => { changes[0x03] = rle([1, 2], signed) }),
      'an actor that has written nothing': edited(({ actors }) => actors.push(run(0xf0, 16)))
    },
    append: {
      'an entry that was deleted': edited(({ ops }) => { ops[0x80] = rle([0, 0, 0, 0, 0, 0, 1], leb128) }),
      'an entry of another actor': edited(({ ops }) => { ops[0x21] = rle([0, 0, 0, 0, 0, 0, 1], leb128) })
    },
    entry: {
      'two entries that changed places': edited(({ ops }) => { ops[values] = swapped(ops[values] as Uint8Array, entries) }),
      'an entry that does not begin with its id': edited(({ ops }) => { ops[values] = replaced(ops[values] as Uint8Array, '"id"', '"di"') })
    },
    head: {
      'an entry that somebody has altered': edited(({ ops }) => { ops[values] = replaced(ops[values] as Uint8Array, '"hello"', '"HELLO"') }),
      'another head': edited((each) => { each.heads = [run(0, 32)] }),
      'a proof that names another head': told({ heads: [run(0, 32)] }),
      'a proof that names two heads': told({ heads: [...proof.header.heads, run(0, 32)] }),
      'a proof of another journal': told({ journal: 'others' }),
      'a proof of another segment': told({ segment: 1 }),
      'a proof that counts an entry more': told({ entries: proof.header.entries + 1 }),
      'a proof that counts an envelope more': told({ seq: proof.header.seq + 1 })
    }
  }
  return Object.entries(cases).flatMap(([reason, named]) => Object.entries(named).map(([name, bytes]) => ({ name, reason: reason as SnapshotReason, bytes: hex(bytes) })))
}

/** Comes out the same from every zlib. */
const huffman = { strategy: constants.Z_HUFFMAN_ONLY }

/** The column of the values of operations. */
const values = 0x57

function frame (...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(0xda, 0x61, 0x6b, 0x73, 0x68, 0x80 + parts.length), ...parts])
}

function flip (bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => index === at ? byte ^ 1 : byte)
}

function replaced (bytes: Uint8Array, text: string, by: string): Uint8Array {
  const all = Buffer.from(bytes).toString('latin1')
  if (!all.includes(text) || by.length !== text.length) throw new TypeError(`there is no ${text} to replace`)
  return Buffer.from(all.replace(text, by), 'latin1')
}

/** Puts the second of two entries of one length before the first. */
function swapped (bytes: Uint8Array, [first = '', second = '']: readonly string[]): Uint8Array {
  return replaced(bytes, first + second, second + first)
}
