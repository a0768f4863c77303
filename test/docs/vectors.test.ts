import { createPublicKey, X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import { didFromPublicKey, openAnnouncement, publicKeyFromDid } from '@akshi/core'
import { decodeCursor, encodeCursor } from '../../packages/core/src/journal/cursor.ts'
import { readEntry } from '../../packages/core/src/journal/entry.ts'
import { didFromCertificate } from '../../packages/plugin-http/src/certificate.ts'
import { makeVectors } from '../vectors/make.ts'
import { fromHex, hex, identityOf } from '../vectors/material.ts'
import { codeOf, readVectors } from './vector-files.ts'

const identities = readVectors('identity')
const { envelopes } = readVectors('envelope')

describe('the test vectors', () => {
  it('are what this version makes of the same keys, times and values', async () => {
    const made = await makeVectors()
    for (const name of Object.keys(made) as (keyof typeof made)[]) {
      expect(readVectors(name), name).to.deep.equal(JSON.parse(JSON.stringify(made[name])))
    }
  })

  for (const { name, seed, publicKey, did, sealingKey, agents, certificate, spki } of identities.nodes) {
    it(`hold the identity of ${name}: key, DID, agents and certificate`, () => {
      const identity = identityOf(fromHex(seed))
      expect([hex(identity.publicKey), identity.did, hex(identity.sealingKey)]).to.deep.equal([publicKey, did, sealingKey])
      expect([didFromPublicKey(fromHex(publicKey)), hex(publicKeyFromDid(did))]).to.deep.equal([did, publicKey])
      expect(Object.fromEntries(Object.keys(agents).map((agent) => [agent, identity.agentDid(agent)]))).to.deep.equal(agents)
      const shown = new X509Certificate(fromHex(certificate))
      const key = createPublicKey({ key: Buffer.from(spki, 'hex'), format: 'der', type: 'spki' })
      expect([didFromCertificate(shown), shown.verify(key), shown.subjectAltName]).to.deep.equal([did, true, `URI:${did}`])
    })
  }

  it('hold keys of small order, which no DID may have', () => {
    const codes = identities.refusedPublicKeys.map((key) => codeOf(() => didFromPublicKey(fromHex(key))))
    expect(codes).to.deep.equal(new Array(14).fill('MESH_DID_INVALID'))
  })

  it('hold entries as they are read', () => {
    const { ids, entries } = readVectors('entry')
    expect(ids.made.map(({ id }) => id)).to.deep.equal(ids.made.map(({ id }) => id).toSorted())
    expect(entries.map((text) => readEntry(text, envelopes[0]?.origin as never)?.body)).to.deep.equal(['hello', { n: 1 }])
  })

  it('hold a cursor that reads as it says, and comes out again', () => {
    const { origins, text } = readVectors('entry').cursor
    expect([Object.fromEntries(decodeCursor(text)), encodeCursor(new Map(Object.entries(origins)))]).to.deep.equal([origins, text])
    expect(codeOf(() => decodeCursor(text.slice(0, -1)))).to.equal('MESH_REQUEST_INVALID')
  })
})

describe('the vector of an announcement', () => {
  it('decodes to the values of the file, in its own mesh only', () => {
    const vector = readVectors('announcement')
    const { announcement, bytes } = openAnnouncement(fromHex(vector.bytes), vector.mesh)
    expect({ ...announcement, sealingKey: hex(announcement.sealingKey) }).to.deep.equal(vector.announcement)
    expect(hex(bytes)).to.equal(vector.bytes)
    expect(codeOf(() => openAnnouncement(bytes, 'another'))).to.equal('MESH_ENVELOPE_INVALID')
  })
})
