import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import type { SignedAnnouncement } from '../../../packages/core/src/announcement.ts'
import type { Did } from '../../../packages/core/src/did.ts'
import type { PeerView } from '../../../packages/core/src/peer-book.ts'
import { Greeting } from '../../../packages/core/src/sync/greeting.ts'
import type { Link } from '../../../packages/core/src/transport.ts'
import { failureOf } from '../../support/failures.ts'
import { announcementBy, madeUpDid } from '../peers/peer-fixture.ts'

const [own, to, friend, stranger] = [madeUpDid(0), madeUpDid(1), madeUpDid(2), madeUpDid(3)]
const never = new AbortController().signal

/** A greeting to `to` in which every node but the stranger is trusted; bytes name what they announce. */
function makeGreeting () {
  const clock = new VirtualClock()
  const known = new Map<Did, SignedAnnouncement>()
  const announce = (did: Did, seq: number, expiresAt = clock.now() + 60_000) => {
    const { announcement } = announcementBy(did, '', seq)
    known.set(did, { announcement: { ...announcement, expiresAt }, bytes: Buffer.from(`${did} ${seq}`) })
  }
  const sent: string[][] = []
  const faults: Error[] = []
  const link = {
    push: async (batch: readonly Uint8Array[]) => {
      const fault = faults.pop()
      if (fault !== undefined) throw fault
      sent.push(batch.map((bytes) => Buffer.from(bytes).toString()))
    }
  } as unknown as Link
  const all = () => [to, friend, stranger].map((did) => ({ did, trust: did === stranger ? 'pending' : 'trusted' }) as PeerView)
  for (const did of [own, to, friend, stranger]) announce(did, 1)
  const greeting = new Greeting(to, { all, announcementOf: (did) => known.get(did) }, { current: () => known.get(own) as SignedAnnouncement }, clock)
  return { announce, clock, greeting, sent, faults, send: () => greeting.send(link, never) }
}

describe('Greeting', () => {
  it('tells of this node and of trusted nodes, not of the one it greets, each announcement once', async () => {
    const { announce, sent, send } = makeGreeting()
    await send()
    await send()
    announce(friend, 2)
    await send()
    expect(sent).to.deep.equal([[`${own} 1`, `${friend} 1`], [`${friend} 2`]])
  })

  it('is due until it was sent, and again when there is news, it failed or has forgotten', async () => {
    const { announce, greeting, faults, send } = makeGreeting()
    const due = [greeting.isDue]
    const note = async (happens: () => unknown) => {
      await happens()
      due.push(greeting.isDue)
    }
    await note(send)
    announce(friend, 2)
    await note(() => greeting.noteNews())
    faults.push(new Error('lost'))
    await note(() => failureOf(send))
    await note(send)
    await note(() => greeting.forget())
    expect(due).to.deep.equal([true, false, true, true, false, true])
  })

  it('does not pass on what has expired', async () => {
    const { announce, clock, sent, send } = makeGreeting()
    announce(friend, 2, clock.now())
    await send()
    expect(sent).to.deep.equal([[`${own} 1`]])
  })

  it('tells again what did not arrive, and everything once it has forgotten', async () => {
    const { greeting, sent, faults, send } = makeGreeting()
    const lost = new Error('lost')
    faults.push(lost)
    expect(await failureOf(send)).to.equal(lost)
    await send()
    greeting.forget()
    await send()
    expect(sent).to.deep.equal([[`${own} 1`, `${friend} 1`], [`${own} 1`, `${friend} 1`]])
  })
})
