import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import {
  decodeDigest, decodeRanges, decodeReceipt, didFromPublicKey, digestRoot, encodeDigest, encodeRanges, encodeReceipt, openAnnouncement,
  publicKeyFromDid, splitEnvelopes
} from '@akshi/core'
import { readEntry } from '../../packages/core/src/journal/entry.ts'
import { FeedFile } from '../../packages/core/src/journal/feed-file.ts'
import { didFromCertificate } from '../../packages/plugin-http/src/certificate.ts'
import { makeVectors } from '../vectors/make.ts'
import { fromHex, hex, identityOf } from '../vectors/material.ts'
import { codeOf, readVectors } from './vector-files.ts'

const identities = readVectors('identity')
const { mesh, envelopes } = readVectors('envelope')

describe('the test vectors', () => {
  it('are what this version makes of the same keys, times and values', () => {
    const made = makeVectors()
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

describe('the vectors of sync messages', () => {
  const { digest, receipt, ranges } = readVectors('sync')
  const toState = ({ feed, tips, heads }: typeof digest.feeds[number]) => ({
    feed, tips: tips.map(({ seq, id }) => ({ seq, id: fromHex(id) })), heads: heads.map(fromHex)
  })
  const feeds = digest.feeds.map(toState)

  it('encode and decode a digest; its root does not depend on the order of the feeds', () => {
    const root = fromHex(digest.root)
    expect([digestRoot(feeds), digestRoot(feeds.toReversed())]).to.deep.equal([root, root])
    expect([hex(encodeDigest({ root })), hex(encodeDigest({ root, feeds }))]).to.deep.equal([digest.question, digest.answer])
    expect(decodeDigest(fromHex(digest.question))).to.deep.equal({ root })
    const decoded = decodeDigest(fromHex(digest.answer))
    expect(decoded.feeds?.map(({ feed }) => `${feed.journal}/${feed.origin}`)).to.deep.equal(feeds.map(({ feed }) => `${feed.journal}/${feed.origin}`).toSorted())
    expect(decoded.feeds).to.have.deep.members(feeds)
  })

  it('encode and decode a receipt with every verdict', () => {
    const value = { verdicts: receipt.verdicts, have: receipt.have.map(toState) }
    expect([hex(encodeReceipt(value)), decodeReceipt(fromHex(receipt.bytes))]).to.deep.equal([receipt.bytes, value])
  })

  it('encode and decode the ranges of a pull', () => {
    const { limit, want, bytes } = ranges
    expect([hex(encodeRanges(want, limit)), decodeRanges(fromHex(bytes))]).to.deep.equal([bytes, { limit, want }])
  })

  it('are refused with a trailing byte, a missing part or another status', () => {
    const bad = [digest.answer + '00', '80', '8141ff', receipt.bytes.replace('8166' + Buffer.from('stored').toString('hex'), '8166' + Buffer.from('stolen').toString('hex'))]
    const codes = bad.map((text, index) => codeOf(() => index < 3 ? decodeDigest(fromHex(text)) : decodeReceipt(fromHex(text))))
    expect(codes).to.deep.equal(new Array(4).fill('MESH_REQUEST_INVALID'))
  })
})

describe('the vectors of storage', () => {
  const { feedFile, sharedFolder } = readVectors('storage')
  let folder: string
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'akshi-vectors-')) })
  afterEach(async () => await rm(folder, { recursive: true }))

  it('are a feed file with the envelopes of the feed, byte for byte', async () => {
    const written = await FeedFile.open(join(folder, 'written.feed'))
    written.file.append(envelopes.map(({ bytes }) => fromHex(bytes)))
    await written.file.sync()
    await written.file.close()
    expect(hex(await readFile(join(folder, 'written.feed')))).to.equal(feedFile)
    await writeFile(join(folder, 'read.feed'), fromHex(feedFile))
    const { file, damage } = await FeedFile.open(join(folder, 'read.feed'))
    const records = Array.from({ length: file.count }, (_, index) => hex(file.read(index)))
    await file.close()
    expect({ damage, records }).to.deep.equal({ damage: undefined, records: envelopes.map(({ bytes }) => bytes) })
  })

  it('name the files of a shared folder by what was signed', () => {
    const sha = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32)
    const folderOf = (origin: string) => [sha(`akshi-mesh/folder/v1\0${mesh}`), sha(`akshi-mesh/folder/v1\0${mesh}\0notes`), origin.slice(8)].join('/')
    expect(sharedFolder).to.deep.equal(envelopes.map(({ origin, header, id }) => `${folderOf(origin)}/${String(header.seq).padStart(12, '0')}-${id.slice(0, 32)}.env`))
  })

  it('travel as a CBOR sequence that splits into the same envelopes', () => {
    const sequence = fromHex(envelopes.map(({ bytes }) => bytes).join(''))
    expect(splitEnvelopes(sequence).map(hex)).to.deep.equal(envelopes.map(({ bytes }) => bytes))
  })
})
