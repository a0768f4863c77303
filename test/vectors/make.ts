/**
 * Makes the test vectors of docs/protocol.md: npx tsx --conditions=source test/vectors/make.ts
 *
 * Everything is fixed, so the files change only when the protocol does (or the way Automerge writes a change).
 */
import { createPublicKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { crc32 } from 'node:zlib'
import { digestRoot, encodeDigest, encodeRanges, encodeReceipt, type Announcement, type FeedState, type Identity, type Verdict } from '@akshi/core'
import { createCertificate } from '@akshi/plugin-http'
import { signAnnouncement } from '../../packages/core/src/announce.ts'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import { peekEnvelope } from '../../packages/core/src/envelope.ts'
import { readEntryId } from '../../packages/core/src/journal/hybrid-clock.ts'
import { envelopePath } from '../../packages/plugin-fs/src/folder-layout.ts'
import { alpha, at, beta, hex, hybridClock, journal, makeFeed, meshId, seeds } from './material.ts'
import { makeMutations } from './mutations.ts'

export type Vectors = ReturnType<typeof makeVectors>

/** The content of each file, by its name. Values are what JSON has; bytes are hex. */
export function makeVectors () {
  const feed = makeFeed()
  const [first, second, third] = feed
  if (first === undefined || second === undefined || third === undefined) throw new TypeError('the feed has three envelopes')
  return {
    identity: {
      nodes: [describeIdentity('alpha', seeds.alpha, alpha), describeIdentity('beta', seeds.beta, beta)],
      refusedPublicKeys: smallOrderKeys
    },
    entry: { ids: makeEntryIds(), entries: first.texts },
    envelope: {
      mesh: meshId,
      envelopes: feed.map(({ texts, envelope }) => describeEnvelope(texts, envelope.bytes)),
      refused: makeMutations(second.envelope)
    },
    announcement: makeAnnouncement(),
    sync: makeSync(first.envelope.id, first.envelope.header.heads),
    storage: {
      feedFile: hex(Buffer.concat([Buffer.from('AKSHIFEED\x01'), ...feed.map(({ envelope }) => record(envelope.bytes))])),
      sharedFolder: feed.map(({ envelope }) => envelopePath(meshId, envelope))
    }
  }
}

/** Little-endian encodings of the points of small order, with and without the sign bit. */
const smallOrderKeys = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
].flatMap((key) => [key, key.slice(0, 62) + (Number.parseInt(key.slice(62), 16) | 0x80).toString(16)])

function describeIdentity (name: string, seed: Uint8Array, identity: Identity) {
  const { publicKey, did, sealingKey } = identity
  const spki = createPublicKey(identity.privateKey).export({ format: 'der', type: 'spki' })
  return {
    name,
    seed: hex(seed),
    publicKey: hex(publicKey),
    spki: hex(spki),
    did,
    sealingKey: hex(sealingKey),
    agents: { planner: identity.agentDid('planner'), notes: identity.agentDid('notes') },
    certificate: hex(createCertificate(identity).der)
  }
}

/** Three stamps in one millisecond, one that follows a stamp seen from elsewhere, and one a moment later. */
function makeEntryIds () {
  let now = at
  const clock = hybridClock(() => now)
  const ids = [clock.next(), clock.next(), clock.next()]
  const seen = `${ids[0]?.slice(0, 9)}9${ids[0]?.slice(10)}`
  clock.see(seen)
  ids.push(clock.next())
  now = at + 60_000
  ids.push(clock.next())
  return { now: at, seen, made: ids.map((id) => ({ id, ...readEntryId(id) })) }
}

function describeEnvelope (texts: readonly string[], bytes: Uint8Array) {
  const { header, payload, id, origin } = peekEnvelope(bytes, meshId)
  if (header.kind !== 'journal') throw new TypeError('not a journal envelope')
  const fields = { ...header, prev: header.prev === undefined ? null : hex(header.prev), actor: hex(header.actor), heads: header.heads.map(hex) }
  const protectedHeader = bytes.subarray(4, bytes.length - 66 - payload.length - (payload.length < 256 ? 2 : 3) - 1)
  const sigStructure = encodeCbor(['Signature1', protectedHeader, Buffer.from(`akshi-mesh/envelope/v1\0${meshId}`), payload])
  return {
    origin,
    header: fields,
    entries: texts,
    payload: hex(payload),
    protectedHeader: hex(protectedHeader),
    sigStructure: hex(sigStructure),
    signature: hex(bytes.subarray(-64)),
    id: hex(id),
    bytes: hex(bytes)
  }
}

function makeAnnouncement () {
  const announcement: Announcement = {
    did: alpha.did,
    seq: at,
    name: 'alpha',
    issuedAt: at,
    expiresAt: at + 3_600_000,
    addresses: [{ host: '192.0.2.7', port: 3210 }, { host: '2001:db8::7', port: 3210 }],
    capabilities: ['journal', 'http'],
    agents: ['notes', 'planner'],
    sealingKey: alpha.sealingKey,
    extra: { example: 'a value of a plugin' }
  }
  const { bytes } = signAnnouncement(alpha, meshId, announcement)
  const { payload, id } = peekEnvelope(bytes, meshId)
  return { mesh: meshId, announcement: { ...announcement, sealingKey: hex(alpha.sealingKey) }, payload: hex(payload), id: hex(id), bytes: hex(bytes) }
}

/** `a-b` comes before `a`: feeds are in order of `journal/part/origin`, and a hyphen is less than a slash. */
function makeSync (id: Uint8Array, heads: readonly Uint8Array[]) {
  const state = (name: string, origin: Identity, seq: number): FeedState => ({ feed: { journal: name, part: 'log', origin: origin.did }, tips: [{ seq, id }], heads })
  const feeds = [state('a-b', beta, 7), state('a', alpha, 1), state(journal, beta, 300), state(journal, alpha, 1)]
  const shown = feeds.map((each) => ({ ...each, tips: each.tips.map((tip) => ({ seq: tip.seq, id: hex(tip.id) })), heads: each.heads.map(hex) }))
  const root = digestRoot(feeds)
  const want = feeds.slice(0, 2).map(({ feed }, index) => ({ feed, after: index, ...(index === 0 ? {} : { until: 500 }) }))
  const have = feeds.slice(3)
  return {
    digest: { root: hex(root), feeds: shown, question: hex(encodeDigest({ root })), answer: hex(encodeDigest({ root, feeds })) },
    receipt: { verdicts, have: shown.slice(3), bytes: hex(encodeReceipt({ verdicts, have })) },
    ranges: { limit: 200, want, bytes: hex(encodeRanges(want, 200)) }
  }
}

const verdicts: readonly Verdict[] = [
  { status: 'stored' },
  { status: 'duplicate' },
  { status: 'gap', reason: 'envelope 2 is missing' },
  { status: 'fork', reason: 'this feed has another envelope 2' },
  { status: 'untrusted', reason: `waiting for trust in ${beta.did}` },
  { status: 'refused', reason: 'the signature does not fit' },
  { status: 'failed', reason: 'the disk is full' }
]

function record (bytes: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(bytes.length, 0)
  frame.writeUInt32BE(crc32(bytes), 4)
  return Buffer.concat([frame, bytes])
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, value] of Object.entries(makeVectors())) {
    writeFileSync(new URL(`${name}.json`, import.meta.url), JSON.stringify(value, null, 2) + '\n')
  }
}
