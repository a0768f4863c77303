import { expect } from 'chai'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import { openAnnouncement, readAnnouncement, signAnnouncement } from '../../packages/core/src/announce.ts'
import type { Announcement } from '../../packages/core/src/announcement.ts'
import { openEnvelope, sealEnvelope } from '../../packages/core/src/envelope.ts'
import { createIdentity } from '../../packages/core/src/identity.ts'
import { codeOf } from '../support/failures.ts'

const identity = createIdentity()
const announcement: Announcement = {
  did: identity.did,
  seq: 7,
  name: 'alpha',
  issuedAt: 1_700_000_000_000,
  expiresAt: 1_700_003_600_000,
  addresses: [{ host: '192.0.2.1', port: 3210 }, { host: '2001:db8::1', port: 65_535 }],
  capabilities: ['journal'],
  agents: ['notes', 'planner'],
  sealingKey: identity.sealingKey,
  extra: { wireguard: { key: 'public key', ports: [{ from: 1 }] }, a2a: true }
}
const sign = (changes: Partial<Announcement> = {}, signer = identity) => signAnnouncement(signer, 'mesh', { ...announcement, ...changes }).bytes
const payload = { name: 'x', expiresAt: 1, addresses: [] as unknown[], capabilities: [], agents: [], sealingKey: new Uint8Array(32), extra: {} }
const craft = (fields: object) => sealEnvelope(identity, 'mesh', { kind: 'announcement', seq: 1, at: 1 }, encodeCbor({ ...payload, ...fields })).bytes

describe('an announcement', () => {
  it('is read back as it was signed, with the bytes to forward', () => {
    const bytes = sign()
    expect(openAnnouncement(bytes, 'mesh')).to.deep.equal({ announcement, bytes })
    expect(readAnnouncement(openEnvelope(bytes, 'mesh'))).to.deep.equal({ announcement, bytes })
  })

  it('is of whoever signed it, whatever it says', () => {
    const mallory = createIdentity()
    expect(openAnnouncement(sign({}, mallory), 'mesh').announcement.did).to.equal(mallory.did)
  })

  it('is read whether or not it is fresh', () => {
    expect(openAnnouncement(sign({ expiresAt: 0 }), 'mesh').announcement.expiresAt).to.equal(0)
  })

  const journalHeader = { kind: 'journal', journal: 'notes', part: 'log', segment: 0, seq: 1, prev: undefined, actor: new Uint8Array(16), heads: [], entries: 1, at: 1 } as const
  const wrong: Record<string, Uint8Array> = {
    'an altered byte': Uint8Array.from(sign(), (byte, index) => index === 150 ? byte ^ 1 : byte),
    'another kind': sealEnvelope(identity, 'mesh', journalHeader, encodeCbor(payload)).bytes,
    'a payload that is no CBOR': sealEnvelope(identity, 'mesh', { kind: 'announcement', seq: 1, at: 1 }, Uint8Array.of(0xff)).bytes,
    'a payload that is no map': sealEnvelope(identity, 'mesh', { kind: 'announcement', seq: 1, at: 1 }, encodeCbor([1])).bytes,
    'a long name': craft({ name: 'x'.repeat(65) }),
    'no expiry': craft({ expiresAt: null }),
    'seventeen addresses': craft({ addresses: Array.from({ length: 17 }, () => ['192.0.2.1', 1]) }),
    'an address of three': craft({ addresses: [['192.0.2.1', 1, 2]] }),
    'a long host': craft({ addresses: [['x'.repeat(254), 1]] }),
    'port 0': craft({ addresses: [['192.0.2.1', 0]] }),
    'port 65536': craft({ addresses: [['192.0.2.1', 65_536]] }),
    'an agent that is a number': craft({ agents: [1] }),
    '257 capabilities': craft({ capabilities: Array.from({ length: 257 }, () => 'x') }),
    'a short sealing key': craft({ sealingKey: new Uint8Array(31) }),
    'extra that is no map': craft({ extra: [] }),
    'more than 16 KiB': craft({ extra: { plugin: 'x'.repeat(16_384) } })
  }
  for (const [what, bytes] of Object.entries(wrong)) {
    it(`is refused with ${what}`, async () => {
      expect(await codeOf(() => openAnnouncement(bytes, 'mesh'))).to.equal('MESH_ENVELOPE_INVALID')
    })
  }

  it('is refused in another mesh', async () => {
    expect(await codeOf(() => openAnnouncement(sign(), 'mesh2'))).to.equal('MESH_ENVELOPE_INVALID')
  })

  it('cannot change what objects are made of', () => {
    const { extra } = openAnnouncement(craft({ extra: new Map([['__proto__', new Map([['polluted', true]])]]) }), 'mesh').announcement
    expect([Object.keys(extra), Object.getPrototypeOf(extra) === Object.prototype]).to.deep.equal([['__proto__'], true])
  })

  it('is refused when what plugins add is nested too deep', async () => {
    let nested: unknown = 1
    for (let depth = 0; depth < 10; depth++) nested = [nested]
    expect(await codeOf(() => openAnnouncement(craft({ extra: { plugin: nested } }), 'mesh'))).to.equal('MESH_ENVELOPE_INVALID')
  })
})
