import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { maxSegmentBytes } from '../../packages/core/src/automerge/segment-limits.ts'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import { sealEnvelope, type LogHeader } from '../../packages/core/src/envelope.ts'
import { encodeSnapshot, inflateDocument, isSnapshot, maxItemBytes, parseSnapshot, peekItem, splitItems } from '../../packages/core/src/snapshot.ts'
import { codeOf } from '../support/failures.ts'
import { identities } from './arbitraries.ts'

const [identity] = identities
const logHeader: LogHeader = { kind: 'journal', journal: 'notes', part: 'log', segment: 0, seq: 1, prev: undefined, actor: new Uint8Array(16), heads: [new Uint8Array(32)], entries: 1, at: 1 }
const proof = sealEnvelope(identity, 'mesh', logHeader, Buffer.from('change'))
const snapshotOf = (document: Uint8Array) => ({ proof, inflatedBytes: document.length, deflated: deflateRawSync(document) })
const start = Buffer.from('da616b736883', 'hex')
const craft = (...parts: readonly Uint8Array[]) => Buffer.concat([start, ...parts])
const plain = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const invalid = 'MESH_ENVELOPE_INVALID'

describe('encodeSnapshot', () => {
  it('writes tag "aksh" around the proof, the length and the deflated document, which parseSnapshot reads back', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 70_000, size: 'max' }), async (document) => {
      const snapshot = snapshotOf(document)
      const bytes = encodeSnapshot(snapshot)
      expect(plain(bytes)).to.equal(plain(craft(encodeCbor(proof.bytes), encodeCbor(document.length), encodeCbor(snapshot.deflated))))
      const { proof: got, inflatedBytes, deflated, verified } = parseSnapshot(bytes, 'mesh')
      expect([plain(got.bytes), inflatedBytes, verified(), isSnapshot(bytes), isSnapshot(proof.bytes)]).to.deep.equal([plain(proof.bytes), document.length, true, true, false])
      expect(plain(await inflateDocument({ inflatedBytes, deflated }))).to.equal(plain(document))
    }), { numRuns: 40 })
  })

  it('takes a snapshot that just fits into a request and nothing larger', async () => {
    const overhead = encodeSnapshot({ proof, inflatedBytes: 1, deflated: new Uint8Array(100_000) }).length - 100_000
    const largest = { proof, inflatedBytes: 1, deflated: new Uint8Array(maxItemBytes - overhead) }
    const bytes = encodeSnapshot(largest)
    expect([bytes.length, parseSnapshot(bytes, 'mesh').deflated.length]).to.deep.equal([maxItemBytes, maxItemBytes - overhead])
    expect(await codeOf(() => encodeSnapshot({ ...largest, deflated: new Uint8Array(maxItemBytes - overhead + 1) }))).to.equal(invalid)
  })
})

describe('parseSnapshot', () => {
  const bytes = encodeSnapshot(snapshotOf(Buffer.from('a document')))

  it('refuses a snapshot that is cut short anywhere, or followed by anything', async () => {
    for (let length = 0; length < bytes.length; length++) expect(await codeOf(() => parseSnapshot(bytes.subarray(0, length), 'mesh')), `${length} bytes`).to.equal(invalid)
    expect(await codeOf(() => parseSnapshot(Buffer.concat([bytes, Uint8Array.of(0)]), 'mesh'))).to.equal(invalid)
  })

  it('says that the proof of another mesh, or one that was altered, does not verify', () => {
    const signatureAt = start.length + encodeCbor(proof.bytes).length - 1
    const altered = Uint8Array.from(bytes, (byte, index) => index === signatureAt ? byte ^ 1 : byte)
    expect([parseSnapshot(bytes, 'other').verified(), parseSnapshot(altered, 'mesh').verified()]).to.deep.equal([false, false])
  })

  const [small, deflated] = [encodeCbor(1), encodeCbor(new Uint8Array(3))]
  const stateProof = sealEnvelope(identity, 'mesh', { kind: 'journal', journal: 'notes', part: 'state', seq: 1, prev: undefined, actor: new Uint8Array(16), heads: [], at: 1 }, Buffer.from('x'))
  const announcement = sealEnvelope(identity, 'mesh', { kind: 'announcement', seq: 1, at: 1 }, Buffer.from('x'))
  const wrong: Record<string, Uint8Array> = {
    'another tag': Buffer.concat([Buffer.from('da616b736983', 'hex'), bytes.subarray(6)]),
    'a list of two': Buffer.concat([Buffer.from('da616b736882', 'hex'), bytes.subarray(6)]),
    'the proof of a state': craft(encodeCbor(stateProof.bytes), small, deflated),
    'an announcement for a proof': craft(encodeCbor(announcement.bytes), small, deflated),
    'a proof with a byte behind it': craft(encodeCbor(Buffer.concat([proof.bytes, Uint8Array.of(0)])), small, deflated),
    'a proof that is no bytes': craft(small, small, deflated),
    'a document larger than a segment may be': craft(encodeCbor(proof.bytes), encodeCbor(maxSegmentBytes + 1), deflated),
    'a length of 2^32': craft(encodeCbor(proof.bytes), encodeCbor(2 ** 32), deflated),
    'a negative length': craft(encodeCbor(proof.bytes), encodeCbor(-1), deflated),
    'a length in a longer form than needed': craft(encodeCbor(proof.bytes), Buffer.from('1801', 'hex'), deflated),
    'a length of two bytes where one does': craft(encodeCbor(proof.bytes), Buffer.from('190018', 'hex'), deflated),
    'a length of four bytes where two do': craft(encodeCbor(proof.bytes), Buffer.from('1a00000100', 'hex'), deflated),
    'a document in a longer form than needed': craft(encodeCbor(proof.bytes), small, Buffer.from('5803000000', 'hex')),
    'a document of indefinite length': craft(encodeCbor(proof.bytes), small, Buffer.from('5f43000000ff', 'hex')),
    'a document that claims four gigabytes': craft(encodeCbor(proof.bytes), small, Buffer.from('5affffffff00', 'hex'))
  }
  for (const [what, bytes] of Object.entries(wrong)) {
    it(`refuses ${what}`, async () => {
      expect(await codeOf(() => peekItem(bytes, 'mesh'))).to.equal(invalid)
    })
  }

  it('fails with nothing but MESH_ENVELOPE_INVALID, whatever the bytes', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(bytes.length), async (tail, keep) => {
      expect([undefined, invalid]).to.include(await codeOf(() => peekItem(Buffer.concat([bytes.subarray(0, keep), Uint8Array.of(0xff), tail]), 'mesh')))
    }))
  })
})

describe('inflateDocument', () => {
  const zeros = Buffer.alloc(64 << 20)
  const bomb = deflateRawSync(zeros)

  it('refuses a document that is longer or shorter than stated, and bytes that are not deflated', async () => {
    const deflated = deflateRawSync(Buffer.alloc(1000))
    for (const inflatedBytes of [1, 999, 1001, maxSegmentBytes]) expect(await codeOf(() => inflateDocument({ inflatedBytes, deflated })), `${inflatedBytes}`).to.equal(invalid)
    for (const bytes of [new Uint8Array(), Uint8Array.of(7), deflated.subarray(0, -1), randomBytes(100)]) {
      expect(await codeOf(() => inflateDocument({ inflatedBytes: 1000, deflated: bytes }))).to.equal(invalid)
    }
  })

  it('stops a bomb at the stated length', async () => {
    const before = process.memoryUsage().arrayBuffers
    expect(await codeOf(() => inflateDocument({ inflatedBytes: 100_000, deflated: bomb }))).to.equal(invalid)
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(10 << 20)
  })
})

describe('splitItems', () => {
  const envelopeOf = (length: number) => sealEnvelope(identity, 'mesh', logHeader, new Uint8Array(length)).bytes
  const item = fc.oneof(fc.nat(300).map(envelopeOf), fc.nat(300).map((length) => encodeSnapshot(snapshotOf(randomBytes(length)))))

  it('finds the envelopes and snapshots of any sequence', () => {
    fc.assert(fc.property(fc.array(item, { maxLength: 5 }), (parts) => {
      expect(splitItems(Buffer.concat(parts)).map(plain)).to.deep.equal(parts.map(plain))
    }))
  })

  it('refuses a sequence that ends inside an item, wherever that is', async () => {
    const parts = [envelopeOf(0), encodeSnapshot(snapshotOf(Buffer.from('x'))), envelopeOf(300)]
    const bytes = Buffer.concat(parts)
    const ends = [parts[0]?.length ?? 0, (parts[0]?.length ?? 0) + (parts[1]?.length ?? 0)]
    for (let length = 1; length < bytes.length; length++) {
      expect(await codeOf(() => splitItems(bytes.subarray(0, length))), `${length} bytes`).to.equal(ends.includes(length) ? undefined : invalid)
    }
  })

  it('fails with nothing but MESH_ENVELOPE_INVALID, whatever the bytes', async () => {
    const codes = new Set<string | undefined>()
    await fc.assert(fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.boolean(), async (bytes, tagged) => {
      codes.add(await codeOf(() => splitItems(tagged ? craft(bytes) : bytes)))
    }))
    expect([...codes]).to.deep.equal([invalid])
  })
})

describe('peekItem', () => {
  it('tells what an item is and says, whether its signature fits or not', () => {
    const [one, two] = [peekItem(proof.bytes, 'other'), peekItem(encodeSnapshot(snapshotOf(Buffer.from('x'))), 'other')]
    expect([one, two].map(({ kind, envelope: { origin, header: { journal, seq } } }) => [kind, origin, journal, seq])).to.deep.equal([['envelope', identity.did, 'notes', 1], ['snapshot', identity.did, 'notes', 1]])
  })

  it('refuses what belongs to no feed', async () => {
    expect(await codeOf(() => peekItem(sealEnvelope(identity, 'mesh', { kind: 'announcement', seq: 1, at: 1 }, new Uint8Array()).bytes, 'mesh'))).to.equal(invalid)
  })
})
