import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import { maxEnvelopeBytes, openEnvelope, peekEnvelope, sealEnvelope, type EnvelopeHeader } from '../../packages/core/src/envelope.ts'
import { codeOf } from '../support/failures.ts'
import { header, identities } from './arbitraries.ts'

const [identity, other] = identities
const small: EnvelopeHeader = {
  kind: 'journal', journal: 'notes', part: 'log', segment: 0, seq: 1, prev: undefined, actor: new Uint8Array(16), heads: [], entries: 1, at: 1_700_000_000_000
}
const seal = (payload: Uint8Array = Buffer.from('payload')) => sealEnvelope(identity, 'mesh', small, payload)

/** An envelope with a header of the test's making, signed as it should be. */
function craft (fields: Record<string, unknown>, { alg = -8, contentType = 42, extra = [] as [number, unknown][] } = {}): Uint8Array {
  const { kind, journal, part, segment, entries, seq, actor, heads, at } = small as unknown as Record<string, unknown>
  const all = Object.entries({ v: 1, kind, journal, part, segment, entries, seq, actor, heads, at, ...fields }).filter(([, value]) => value !== undefined)
  const protectedHeader = encodeCbor(new Map<number, unknown>([[1, alg], [3, contentType], [4, identity.publicKey], [-65537, new Map(all)], ...extra]))
  return frame(protectedHeader, Uint8Array.of(0xa0))
}

function frame (protectedHeader: Uint8Array, unprotected: Uint8Array, payload = Buffer.from('payload')): Uint8Array {
  const toBeSigned = encodeCbor(['Signature1', protectedHeader, Buffer.from('akshi-mesh/envelope/v1\0mesh'), payload])
  return Buffer.concat([Uint8Array.of(0xd2, 0x84), encodeCbor(protectedHeader), unprotected, encodeCbor(payload), encodeCbor(identity.sign(toBeSigned))])
}

describe('openEnvelope', () => {
  it('reads back any header and payload that were sealed', () => {
    fc.assert(fc.property(header, fc.uint8Array({ maxLength: 400 }), fc.string(), (header, payload, meshId) => {
      const sealed = sealEnvelope(identity, meshId, header, payload)
      expect(plain(openEnvelope(sealed.bytes, meshId))).to.deep.equal(plain(sealed))
      expect(plain(peekEnvelope(sealed.bytes, meshId))).to.deep.equal(plain(sealed))
    }))
  })

  for (const length of [0, 1, 23, 24, 255, 256, 65_535, 65_536]) {
    it(`reads back a payload of ${length} bytes, whose encoding is the deterministic one of RFC 8949`, () => {
      const payload = new Uint8Array(length).fill(7)
      const { bytes } = seal(payload)
      expect(Buffer.from(openEnvelope(bytes, 'mesh').payload).equals(payload)).to.equal(true)
      expect(Buffer.from(bytes).includes(Buffer.from(encodeCbor(payload)))).to.equal(true)
    })
  }

  it('names an envelope by the hash of what is signed', () => {
    const { bytes, id } = seal()
    expect(Buffer.from(craft({})).equals(bytes)).to.equal(true)
    const protectedHeader = bytes.subarray(4, 4 + (bytes[3] ?? 0))
    const signed = encodeCbor(['Signature1', protectedHeader, Buffer.from('akshi-mesh/envelope/v1\0mesh'), Buffer.from('payload')])
    expect(Buffer.from(id).toString('hex')).to.equal(createHash('sha256').update(signed).digest('hex'))
  })

  it('refuses an envelope with any one bit flipped', async () => {
    const { bytes } = seal()
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(await codeOf(() => openEnvelope(flipped, 'mesh')), `bit ${bit}`).to.equal('MESH_ENVELOPE_INVALID')
    }
  })

  it('refuses an envelope that is cut short anywhere, or followed by anything', async () => {
    const { bytes } = seal()
    for (let length = 0; length < bytes.length; length++) expect(await codeOf(() => openEnvelope(bytes.subarray(0, length), 'mesh'))).to.equal('MESH_ENVELOPE_INVALID')
    expect(await codeOf(() => openEnvelope(Buffer.concat([bytes, Uint8Array.of(0)]), 'mesh'))).to.equal('MESH_ENVELOPE_INVALID')
  })

  it('fails with nothing but MESH_ENVELOPE_INVALID, whatever the bytes', async () => {
    const codes = new Set<string | undefined>()
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(4), async (bytes, keep) => {
      const start = seal().bytes.subarray(0, [0, 2, 4, 60, 150][keep])
      codes.add(await codeOf(() => openEnvelope(Buffer.concat([start, bytes]), 'mesh')))
    }))
    expect([...codes]).to.deep.equal(['MESH_ENVELOPE_INVALID'])
  })

  it('refuses an envelope of another mesh, and one signed by another key', async () => {
    const { bytes } = seal()
    const forged = Buffer.concat([bytes.subarray(0, -64), other.sign(Buffer.from('anything'))])
    expect(await codeOf(() => openEnvelope(bytes, 'mesh2'))).to.equal('MESH_ENVELOPE_INVALID')
    expect(await codeOf(() => openEnvelope(forged, 'mesh'))).to.equal('MESH_ENVELOPE_INVALID')
    expect(peekEnvelope(forged, 'mesh').origin).to.equal(identity.did)
  })

  it('takes an envelope of the largest size and nothing larger', async () => {
    const overhead = seal(new Uint8Array(100_000)).bytes.length - 100_000
    const largest = seal(new Uint8Array(maxEnvelopeBytes - overhead))
    expect([largest.bytes.length, openEnvelope(largest.bytes, 'mesh').payload.length]).to.deep.equal([maxEnvelopeBytes, maxEnvelopeBytes - overhead])
    expect(await codeOf(() => seal(new Uint8Array(maxEnvelopeBytes - overhead + 1)))).to.equal('MESH_ENVELOPE_INVALID')
    expect(await codeOf(() => openEnvelope(new Uint8Array(maxEnvelopeBytes + 1), 'mesh'))).to.equal('MESH_ENVELOPE_INVALID')
  })

  const wrong: Record<string, Uint8Array> = {
    'another algorithm': craft({}, { alg: -7 }),
    'another content type': craft({}, { contentType: 60 }),
    'a header label more': craft({}, { extra: [[2, ['crit']]] }),
    'a field more': craft({ more: 1 }),
    'another version': craft({ v: 2 }),
    'an unknown kind': craft({ kind: 'a2a' }),
    'another part': craft({ part: 'blob' }),
    'a journal that is a path': craft({ journal: '../x' }),
    'a journal name that is too long': craft({ journal: 'x'.repeat(65) }),
    'a log without a segment': craft({ segment: undefined }),
    'a log that does not count its entries': craft({ entries: undefined }),
    'a negative count of entries': craft({ entries: -1 }),
    'a state with a segment': craft({ part: 'state', entries: undefined }),
    'a state that counts entries': craft({ part: 'state', segment: undefined }),
    'seq 0': craft({ seq: 0 }),
    'a negative seq': craft({ seq: -1 }),
    'a fraction for seq': craft({ seq: 1.5 }),
    'seq beyond 2^53': craft({ seq: 2n ** 60n }),
    'no seq': craft({ seq: undefined }),
    'a predecessor at seq 1': craft({ prev: new Uint8Array(32) }),
    'no predecessor at seq 2': craft({ seq: 2 }),
    'a short predecessor': craft({ seq: 2, prev: new Uint8Array(31) }),
    'a short actor': craft({ actor: new Uint8Array(15) }),
    '65 heads': craft({ heads: Array.from({ length: 65 }, () => new Uint8Array(32)) }),
    'a short head': craft({ heads: [new Uint8Array(31)] }),
    'a protected header that is no map': frame(encodeCbor([1]), Uint8Array.of(0xa0)),
    'an unprotected header': frame(seal().bytes.subarray(4, 4 + (seal().bytes[3] ?? 0)), Uint8Array.of(0xa1, 0x01, 0x01)),
    'a longer length than needed': longForm(seal().bytes)
  }
  for (const [what, bytes] of Object.entries(wrong)) {
    it(`refuses a well-signed envelope with ${what}`, async () => {
      expect(await codeOf(() => openEnvelope(bytes, 'mesh'))).to.equal('MESH_ENVELOPE_INVALID')
    })
  }

  it('refuses a key of small order', async () => {
    const bytes = Buffer.from(seal().bytes)
    const at = bytes.indexOf(Buffer.from(identity.publicKey))
    bytes.fill(0, at, at + 32)
    expect(await codeOf(() => peekEnvelope(bytes, 'mesh'))).to.equal('MESH_ENVELOPE_INVALID')
  })
})

/** The signature's length as two bytes, where one does. */
function longForm (bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, -66), Uint8Array.of(0x59, 0, 64), bytes.subarray(-64)])
}

/** Bytes as hex, so that a Buffer equals a Uint8Array. */
function plain (value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, each: unknown) => each instanceof Uint8Array ? Buffer.from(each).toString('hex') : isJsonBuffer(each) ? Buffer.from(each.data).toString('hex') : each))
}

function isJsonBuffer (value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
}
