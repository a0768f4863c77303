import { createHash, createPublicKey, verify } from 'node:crypto'
import { expect } from 'chai'
import { openEnvelope, type Envelope, type JournalHeader } from '@akshi/core'
import { decodeCbor, encodeCbor } from '../../packages/core/src/cbor.ts'
import { checkNext, type Position } from '../../packages/core/src/journal/feed-rules.ts'
import { Segment } from '../../packages/core/src/journal/segment.ts'
import { fromHex, hex } from '../vectors/material.ts'
import { assemble } from '../vectors/mutations.ts'
import { codeOf, readVectors } from './vector-files.ts'

const identities = readVectors('identity')
const { mesh, envelopes, refused } = readVectors('envelope')

function open (text: string, meshId = mesh): Envelope<JournalHeader> {
  return openEnvelope(fromHex(text), meshId) as Envelope<JournalHeader>
}

describe('the vectors of journal envelopes', () => {
  for (const vector of envelopes) {
    const { seq } = vector.header

    it(`decode: envelope ${seq} has the origin, header, payload and id that the file says`, () => {
      const { origin, header, payload, id } = open(vector.bytes)
      const { prev, actor, heads, ...plain } = vector.header
      expect({ origin, header, payload: hex(payload), id: hex(id) }).to.deep.equal({
        origin: vector.origin,
        header: { ...plain, prev: prev === null ? undefined : fromHex(prev), actor: fromHex(actor), heads: heads.map(fromHex) },
        payload: vector.payload,
        id: vector.id
      })
    })

    it(`verify without our own code: envelope ${seq} is a COSE_Sign1 with that signature`, () => {
      const tagged = fromHex(vector.bytes)
      expect(tagged[0]).to.equal(0xd2)
      const [protectedHeader, unprotected, payload, signature] = decodeCbor(tagged.subarray(1)) as [Uint8Array, Map<unknown, unknown>, Uint8Array, Uint8Array]
      const toBeSigned = encodeCbor(['Signature1', protectedHeader, Buffer.from(`akshi-mesh/envelope/v1\0${mesh}`), payload])
      const spki = identities.nodes.find(({ did }) => did === vector.origin)?.spki ?? ''
      const key = createPublicKey({ key: Buffer.from(spki, 'hex'), format: 'der', type: 'spki' })
      expect([hex(toBeSigned), unprotected.size, verify(null, toBeSigned, key, signature)]).to.deep.equal([vector.sigStructure, 0, true])
      expect(createHash('sha256').update(toBeSigned).digest('hex')).to.equal(vector.id)
    })
  }

  it('chain: each follows the one before, and their changes give the entries that the file says', () => {
    let position: Position = { seq: 0, id: undefined, segment: undefined, head: undefined }
    const segments: Segment[] = []
    for (const { bytes } of envelopes) {
      const envelope = open(bytes)
      const { header: { seq, segment, heads: [head], actor }, id, payload } = envelope
      expect(checkNext(envelope, position)).to.deep.equal({ status: 'stored' })
      position = { seq, id, segment, head }
      const document = segments[segment] ??= new Segment(segment, new Uint8Array(16))
      document.apply(actor, [payload])
      expect(document.heads).to.deep.equal([head])
    }
    expect(segments.flatMap((segment) => segment.read(0, segment.count))).to.deep.equal(envelopes.flatMap(({ entries }) => entries))
    for (const segment of segments) segment.free()
  })

  for (const { name, mesh: meshId, bytes } of refused) {
    it(`refuse: ${name}`, () => {
      expect(codeOf(() => open(bytes, meshId))).to.equal('MESH_ENVELOPE_INVALID')
    })
  }

  it('refuse: any single bit flipped', () => {
    const good = fromHex(envelopes[0]?.bytes ?? '')
    const taken: number[] = []
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = Uint8Array.from(good)
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      if (codeOf(() => openEnvelope(bad, mesh)) !== 'MESH_ENVELOPE_INVALID') taken.push(bit)
    }
    expect(taken).to.deep.equal([])
  })

  it('take 1 MiB and refuse a byte more, signed as it should be', () => {
    const protectedHeader = fromHex(envelopes[0]?.protectedHeader ?? '')
    const overhead = assemble({ protectedHeader, payload: new Uint8Array(0x10000) }).length - 0x10000
    const codes = [0, 1].map((more) => codeOf(() => openEnvelope(assemble({ protectedHeader, payload: new Uint8Array(2 ** 20 - overhead + more) }), mesh)))
    expect(codes).to.deep.equal([undefined, 'MESH_ENVELOPE_INVALID'])
  })

  it('hold a forged signature under a key of small order that node:crypto takes for good', () => {
    const forged = fromHex(refused.find(({ name }) => name === 'a kid of small order')?.bytes ?? '')
    const [protectedHeader, , payload, signature] = decodeCbor(forged.subarray(1)) as [Uint8Array, unknown, Uint8Array, Uint8Array]
    const kid = (decodeCbor(protectedHeader) as Map<number, Uint8Array>).get(4) as Uint8Array
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(kid).toString('base64url') }, format: 'jwk' })
    const toBeSigned = encodeCbor(['Signature1', protectedHeader, Buffer.from(`akshi-mesh/envelope/v1\0${mesh}`), payload])
    expect(verify(null, toBeSigned, key, signature)).to.equal(true)
  })
})
