import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { KnownPeers } from '../../../packages/core/src/peers/known-peers.ts'
import { TrustStore } from '../../../packages/core/src/peers/trust-store.ts'
import { announcementBy, madeUpDid, meetingOf } from './peer-fixture.ts'

const [own, one, two] = [madeUpDid(0), madeUpDid(1), madeUpDid(2)]

/** A peer that was met with its announcement number 5, and when listeners were told that it left. */
function makePeers () {
  const clock = new VirtualClock()
  const peers = new KnownPeers(own, 'open', new TrustStore('/nowhere', clock), clock, [{ did: two, name: undefined, addresses: [] }])
  peers.met(meetingOf(one, 'one', { announcement: announcementBy(one, 'one', 5) }))
  const told: unknown[] = []
  peers.onChange(({ did, leftAt }) => told.push([did, leftAt]))
  return { clock, peers, told, start: clock.now() }
}

describe('KnownPeers, of a node that says goodbye,', () => {
  it('note when, and tell, and keep what else they know of it', async () => {
    const { clock, peers, told, start } = makePeers()
    const before = peers.get(one)
    await clock.advance(7)
    peers.left(announcementBy(one, 'one', 6))
    expect(told).to.deep.equal([[one, start + 7]])
    expect(peers.get(one)).to.deep.include({ addresses: before?.addresses, trust: 'trusted', seenAt: start, leftAt: start + 7 })
    expect([before?.leftAt, peers.announcementOf(one)?.announcement.seq]).to.deep.equal([undefined, 6])
  })

  it('do not believe a goodbye that is as old as what they know, nor note one of a stranger', () => {
    const { peers, told } = makePeers()
    for (const seq of [4, 5]) peers.left(announcementBy(one, 'one', seq))
    peers.left(announcementBy(madeUpDid(3), 'stranger', 9))
    expect([peers.get(one)?.leftAt, peers.get(madeUpDid(3)), told]).to.deep.equal([undefined, undefined, []])
  })

  it('note it of a peer that is listed and was never met', () => {
    const { peers, start } = makePeers()
    peers.left(announcementBy(two, 'two', 1))
    expect(peers.get(two)?.leftAt).to.equal(start)
  })

  it('take it for here again once it announces itself anew, and are not fooled by the goodbye said again', () => {
    const { peers, told, start } = makePeers()
    peers.left(announcementBy(one, 'one', 6))
    peers.update(announcementBy(one, 'one', 6))
    peers.update(announcementBy(one, 'one', 4))
    const stays = peers.get(one)?.leftAt
    peers.update(announcementBy(one, 'one', 7))
    peers.left(announcementBy(one, 'one', 6))
    expect([stays, peers.get(one)?.leftAt, told]).to.deep.equal([start, undefined, [[one, start], [one, undefined]]])
  })

  it('take it for here again once it is met, and tell that', () => {
    const { peers, told, start } = makePeers()
    peers.left(announcementBy(one, 'one', 6))
    peers.heardFrom(one)
    const heard = peers.get(one)?.leftAt
    peers.met(meetingOf(one, 'one', { announcement: announcementBy(one, 'one', 6) }))
    expect([heard, peers.get(one)?.leftAt, told]).to.deep.equal([start, undefined, [[one, start], [one, undefined]]])
  })

  it('take it for here again when it is heard of a while later, whatever its clock says', async () => {
    const { clock, peers, told } = makePeers()
    peers.left(announcementBy(one, 'one', 6))
    const leftAt = clock.now()
    await clock.advance(1_999)
    peers.heardFrom(one)
    const soon = peers.get(one)?.leftAt
    await clock.advance(1)
    peers.heardFrom(one)
    expect([soon, peers.get(one)?.leftAt, told]).to.deep.equal([leftAt, undefined, [[one, leftAt], [one, undefined]]])
  })
})
