import { createHash, createPublicKey, verify } from 'node:crypto'
import { expect } from 'chai'
import { openEnvelope, sealEnvelope, type JournalEnvelope, type JournalHeader } from '@akshi/core'
import { decodeCbor, encodeCbor } from '../../packages/core/src/cbor.ts'
import { alpha, fromHex, hex } from '../vectors/material.ts'
import { assemble } from '../vectors/mutations.ts'
import { codeOf, readVectors } from './vector-files.ts'

const identities = readVectors('identity')
const { mesh, envelopes, refused } = readVectors('envelope')

function open (text: string, meshId = mesh): JournalEnvelope {
  return openEnvelope(fromHex(text), meshId) as JournalEnvelope
}

function headerOf ({ prev, actor, heads, ...plain }: typeof envelopes[number]['header']): JournalHeader {
  return { ...plain, prev: prev === null ? undefined : fromHex(prev), actor: fromHex(actor), heads: heads.map(fromHex) } as JournalHeader
}

describe('the vectors of journal envelopes', () => {
  for (const vector of envelopes) {
    const { seq, part } = vector.header

    it(`decode: envelope ${seq} of the ${part} has the origin, header, payload and id that the file says`, () => {
      const { origin, header, payload, id } = open(vector.bytes)
      expect({ origin, header, payload: hex(payload), id: hex(id) }).to.deep.equal({
        origin: vector.origin, header: headerOf(vector.header), payload: vector.payload, id: vector.id
      })
    })

    it(`encode: envelope ${seq} of the ${part} comes out again, byte for byte`, () => {
      expect(hex(sealEnvelope(alpha, mesh, headerOf(vector.header), fromHex(vector.payload)).bytes)).to.equal(vector.bytes)
    })

    it(`verify without our own code: envelope ${seq} of the ${part} is a COSE_Sign1 with that signature`, () => {
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
