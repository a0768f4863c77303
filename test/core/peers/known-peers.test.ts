import { writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import type { PeerView } from '../../../packages/core/src/peer-book.ts'
import { KnownPeers, type ConfiguredPeer, type TrustPolicy } from '../../../packages/core/src/peers/known-peers.ts'
import type { Did } from '../../../packages/core/src/did.ts'
import { TrustStore } from '../../../packages/core/src/peers/trust-store.ts'
import { codeOf } from '../../support/failures.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { address, announcementBy, madeUpDid, meetingOf } from './peer-fixture.ts'

const [own, one, two, three] = [madeUpDid(0), madeUpDid(1), madeUpDid(2), madeUpDid(3)]
const configuredPeer = (did = one, name: string | undefined = 'from config'): ConfiguredPeer => ({ did, name, addresses: [{ host: 'config.example', port: 1 }] })

async function makePeers ({ policy = 'known', configured = [], blocked = [] }: { policy?: TrustPolicy, configured?: readonly ConfiguredPeer[], blocked?: readonly string[] } = {}) {
  const folder = await temporaryFolder()
  const clock = new VirtualClock()
  const path = folder.join('trust.json')
  await writeFile(path, JSON.stringify({ version: 1, trusted: {}, blocked: Object.fromEntries(blocked.map((did) => [did, { name: 'x', since: 'x' }])) }))
  let store = new TrustStore(path, clock)
  const restart = async () => {
    store = new TrustStore(path, clock)
    await store.open()
    return new KnownPeers(own, policy, store, clock, configured)
  }
  return { clock, peers: await restart(), restart, cutOf: (did: Did) => store.cutOf(did), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

const trustOf = (peers: KnownPeers) => [one, two, three].map((did) => peers.get(did)?.trust)
const names = (views: readonly PeerView[]) => views.map(({ name }) => name)

describe('KnownPeers', () => {
  const expected = { known: ['pending', 'pending', 'trusted'], lan: ['trusted', 'pending', 'trusted'], open: ['trusted', 'trusted', 'trusted'] } as const
  for (const policy of ['known', 'lan', 'open'] as const) {
    it(`trust with the policy "${policy}" whom it admits, once they were met: ${expected[policy].join(', ')}`, async () => {
      await using fixture = await makePeers({ policy, configured: [configuredPeer(three)] })
      const { peers } = fixture
      expect([trustOf(peers), [one, two, three].map((did) => peers.trusts(did))]).to.deep.equal([[undefined, undefined, 'trusted'], [false, false, true]])
      peers.met(meetingOf(one, 'on the link', { onLink: true }))
      peers.met(meetingOf(two, 'elsewhere'))
      expect(trustOf(peers)).to.deep.equal(expected[policy])
      expect([one, two, three].map((did) => peers.trusts(did))).to.deep.equal(expected[policy].map((trust) => trust === 'trusted'))
    })
  }

  it('give the name that lets one in to nobody else', async () => {
    await using fixture = await makePeers()
    const { peers, restart } = fixture
    for (const did of [one, two]) {
      peers.met(meetingOf(did, 'beta'))
      await peers.trust(did)
    }
    expect([one, two].map((did) => peers.operatorNameOf(did))).to.deep.equal(['beta', undefined])
    expect([one, two].map((did) => peers.get(did)?.name)).to.deep.equal(['beta', 'beta'])
    const later = await restart()
    expect([one, two].map((did) => later.operatorNameOf(did))).to.deep.equal(['beta', undefined])
  })

  it('trust nobody who is blocked, whatever else speaks for them, until the operator does', async () => {
    await using fixture = await makePeers({ policy: 'open', configured: [configuredPeer(one)], blocked: [one, two] })
    const { peers } = fixture
    for (const did of [one, two]) peers.met(meetingOf(did, 'x', { onLink: true }))
    expect([trustOf(peers), peers.trusts(one), peers.trusts(two)]).to.deep.equal([['blocked', 'blocked', undefined], false, false])
    await peers.trust(two)
    expect(trustOf(peers)).to.deep.equal(['blocked', 'trusted', undefined])
  })

  it('trust at once and for good whom the operator trusts, met or not', async () => {
    await using fixture = await makePeers()
    const { peers } = fixture
    peers.met(meetingOf(one, 'alpha'))
    const heard: string[] = []
    peers.onChange(({ name, trust }) => heard.push(`${name} ${trust}`))
    expect((await peers.trust(one)).trust).to.equal('trusted')
    await peers.trust(two)
    expect([heard[0], trustOf(peers), names([peers.get(one) as PeerView])]).to.deep.equal(['alpha trusted', ['trusted', 'trusted', undefined], ['alpha']])
    const again = await fixture.restart()
    expect([again.trusts(one), again.trusts(two), again.trusts(three), again.resolve('alpha')]).to.deep.equal([true, true, false, one])
  })

  it('trust nobody any more from whom the operator withdraws trust, whatever else speaks for them', async () => {
    await using fixture = await makePeers({ policy: 'open', configured: [configuredPeer(one)], blocked: [three] })
    const { peers } = fixture
    for (const did of [one, two, three]) peers.met(meetingOf(did, 'alpha', { onLink: true }))
    const heard: string[] = []
    peers.onChange(({ did, trust }) => heard.push(`${did === one ? 'one' : did === two ? 'two' : 'three'} ${trust}`))
    const cut = [{ feed: { journal: 'notes', part: 'log', origin: two }, tips: [{ seq: 1, id: new Uint8Array(32) }] }] as const
    for (const did of [one, two, three]) await peers.untrust(did, did === two ? cut : [])
    expect([heard, trustOf(peers), peers.trusts(one), peers.trusts(two)]).to.deep.equal([['one pending', 'two pending', 'three blocked'], ['pending', 'pending', 'blocked'], false, false])
    expect(peers.get(two)?.trustReason).to.equal(`trust withdrawn: run "akshi trust ${two}" to give it back`)
    const again = await fixture.restart()
    again.met(meetingOf(two, 'alpha'))
    expect([again.trusts(one), again.trusts(two), fixture.cutOf(two), fixture.cutOf(one), fixture.cutOf(own)]).to.deep.equal([false, false, cut, [], undefined])
    for (const did of [one, two]) await again.trust(did)
    expect([trustOf(again), fixture.cutOf(two)]).to.deep.equal([['trusted', 'trusted', 'blocked'], undefined])
  })

  it('keep the name of whom they trust no more, and list them however long they were not seen', async () => {
    await using fixture = await makePeers()
    fixture.peers.met(meetingOf(one, 'alpha'))
    await fixture.peers.trust(one)
    await fixture.peers.untrust(one, [])
    const again = await fixture.restart()
    await fixture.clock.advance(600_001)
    again.met(meetingOf(two, 'alpha'))
    await again.trust(two)
    expect(again.all().map(({ did, trust }) => [did, trust])).to.have.deep.members([[one, 'pending'], [two, 'trusted']])
    expect([again.operatorNameOf(one), again.operatorNameOf(two), again.resolve(one)]).to.deep.equal(['alpha', undefined, one])
    await again.trust(one)
    expect((await fixture.restart()).operatorNameOf(one)).to.equal('alpha')
  })

  it('never list, trust or forget themselves', async () => {
    await using fixture = await makePeers({ configured: [configuredPeer(own)] })
    fixture.peers.met(meetingOf(own, 'me'))
    expect([fixture.peers.all(), await codeOf(() => fixture.peers.trust(own)), await codeOf(() => fixture.peers.untrust(own, []))]).to.deep.equal([[], 'MESH_PEER_UNKNOWN', 'MESH_PEER_UNKNOWN'])
  })

  it('call a peer as it is configured, else as it announces itself, else by its DID', async () => {
    await using fixture = await makePeers({ configured: [configuredPeer(one), { ...configuredPeer(two), name: undefined }, { ...configuredPeer(three), name: undefined }] })
    for (const did of [one, two]) fixture.peers.met(meetingOf(did, 'announced'))
    expect([one, two, three].map((did) => fixture.peers.get(did)?.name)).to.deep.equal(['from config', 'announced', `z6Mk…${three.slice(-8)}`])
    expect(Object.isFrozen(fixture.peers.get(one))).to.equal(true)
  })

  it('list addresses newest first, eight at most, and the configured ones after them', async () => {
    await using fixture = await makePeers({ configured: [configuredPeer()] })
    for (let port = 1; port <= 9; port++) fixture.peers.met(meetingOf(one, 'x', { address: { host: 'h', port } }))
    fixture.peers.met(meetingOf(one, 'x', { address: { host: 'h', port: 9 } }))
    expect(fixture.peers.get(one)?.addresses).to.deep.equal([...[9, 8, 7, 6, 5, 4, 3, 2].map((port) => ({ host: 'h', port })), { host: 'config.example', port: 1 }])
  })

  it('keep the newest announcement, and take one that was passed on only of whom they met', async () => {
    await using fixture = await makePeers()
    const { peers } = fixture
    peers.update(announcementBy(one, 'never met', 9))
    expect(peers.get(one)).to.equal(undefined)
    peers.met(meetingOf(one, 'two', { announcement: announcementBy(one, 'two', 2) }))
    peers.met(meetingOf(one, 'one', { announcement: announcementBy(one, 'one', 1) }))
    peers.update(announcementBy(one, 'also two', 2))
    expect([peers.get(one)?.name, peers.announcementOf(one)?.announcement.seq, peers.announcementOf(two)]).to.deep.equal(['two', 2, undefined])
    peers.update(announcementBy(one, 'three', 3))
    expect(peers.get(one)?.name).to.equal('three')
  })

  it('tell what is news and nothing else, until they are told to stop', async () => {
    await using fixture = await makePeers({ policy: 'lan' })
    const { peers } = fixture
    const heard: string[] = []
    const stop = peers.onChange(({ name, trust, sources, addresses }) => heard.push([name, trust, sources, addresses.length].join(' ')))
    peers.met(meetingOf(one, 'a'))
    peers.met(meetingOf(one, 'a'))
    peers.heardFrom(one)
    peers.met(meetingOf(one, 'a', { source: 'gossip' }))
    peers.met(meetingOf(one, 'a', { address: { host: 'h', port: 1 } }))
    peers.met(meetingOf(one, 'a', { onLink: true }))
    peers.update(announcementBy(one, 'b', 2))
    stop()
    peers.met(meetingOf(two, 'c'))
    expect(heard).to.deep.equal(['a pending mdns 1', 'a pending mdns,gossip 1', 'a pending mdns,gossip 2', 'a trusted mdns,gossip 2', 'b trusted mdns,gossip 2'])
  })

  it('note when a peer was seen', async () => {
    await using fixture = await makePeers()
    const { clock, peers } = fixture
    const start = clock.now()
    peers.heardFrom(one)
    peers.met(meetingOf(one, 'a'))
    await clock.advance(5)
    const before = peers.get(one)?.seenAt
    peers.heardFrom(one)
    expect([before, peers.get(one)?.seenAt]).to.deep.equal([start, start + 5])
  })

  it('list the address that was proven last first', async () => {
    await using fixture = await makePeers()
    for (const port of [1, 2, 1]) fixture.peers.met(meetingOf(one, 'x', { address: { host: 'h', port } }))
    expect(fixture.peers.get(one)?.addresses.map(({ port }) => port)).to.deep.equal([1, 2])
  })

  it('list after a restart whom the operator decided about, met or not, by the name that was known then', async () => {
    await using fixture = await makePeers({ blocked: [two] })
    fixture.peers.met(meetingOf(one, 'alpha'))
    for (const did of [one, three]) await fixture.peers.trust(did)
    const again = await fixture.restart()
    expect(again.get(one)?.trust).to.equal('trusted')
    expect(Object.fromEntries(again.all().map(({ did, name, trust }) => [did, [name, trust]]))).to.deep.equal({ [one]: ['alpha', 'trusted'], [two]: ['x', 'blocked'], [three]: [`z6Mk…${three.slice(-8)}`, 'trusted'] })
  })

  it('know what the operator calls a peer, whatever it calls itself', async () => {
    await using fixture = await makePeers({ policy: 'open', configured: [configuredPeer(three)] })
    for (const did of [one, two, three]) fixture.peers.met(meetingOf(did, 'alpha'))
    await fixture.peers.trust(one)
    for (const did of [one, two, three]) fixture.peers.update(announcementBy(did, 'renamed', 2))
    expect([one, two, three].map((did) => [fixture.peers.operatorNameOf(did), fixture.peers.get(did)?.name])).to.deep.equal([['alpha', 'alpha'], [undefined, 'renamed'], ['from config', 'from config']])
  })
})

describe('KnownPeers.resolve', () => {
  it('finds a node by DID, name or the end of its DID', async () => {
    await using fixture = await makePeers()
    fixture.peers.met(meetingOf(one, 'alpha'))
    const { peers } = fixture
    expect([peers.resolve(two), peers.resolve('alpha'), peers.resolve(one.slice(-8)), peers.resolve(one.slice(10))]).to.deep.equal([two, one, one, one])
  })

  it('refuses what is no DID, means nobody, or means several', async () => {
    await using fixture = await makePeers({ configured: [configuredPeer(three, 'alpha')] })
    for (const did of [one, two]) fixture.peers.met(meetingOf(did, did === one ? 'alpha' : 'beta'))
    const codes = await Promise.all(['did:key:zOther', 'gamma', one.slice(-7), '', 'alpha'].map((who) => codeOf(() => fixture.peers.resolve(who))))
    expect(codes).to.deep.equal(['MESH_DID_INVALID', 'MESH_PEER_UNKNOWN', 'MESH_PEER_UNKNOWN', 'MESH_PEER_UNKNOWN', 'MESH_PEER_AMBIGUOUS'])
    expect(() => fixture.peers.resolve('alpha')).to.throw(new RegExp(`(?=.*${one})(?=.*${three})`))
  })
})

describe('strangers', () => {
  it('are forgotten when they were not seen for ten minutes; peers are not', async () => {
    await using fixture = await makePeers({ configured: [configuredPeer(one)], blocked: [two] })
    const { clock, peers } = fixture
    for (const did of [two, three]) peers.met(meetingOf(did, 'x'))
    await clock.advance(600_000)
    expect(peers.all().length).to.equal(3)
    await clock.advance(1)
    expect(peers.all().map(({ did }) => did)).to.have.members([one, two])
  })

  it('are a thousand at most, the newest of them', async () => {
    await using fixture = await makePeers({ configured: [configuredPeer(madeUpDid(9_999))] })
    for (let number = 1; number <= 1_200; number++) fixture.peers.met({ did: madeUpDid(number), address, source: 'mdns', onLink: false, announcement: announcementBy(madeUpDid(number), 'x') })
    const { length } = fixture.peers.all()
    expect([length > 990 && length <= 1_001, fixture.peers.get(madeUpDid(1))?.did, fixture.peers.get(madeUpDid(1_200))?.did, fixture.peers.get(madeUpDid(9_999))?.trust]).to.deep.equal([true, undefined, madeUpDid(1_200), 'trusted'])
  })
})
