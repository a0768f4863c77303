import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import type { LinkStatus } from '../../../packages/core/src/control.ts'
import type { PeerView } from '../../../packages/core/src/peer-book.ts'
import type { LinkHealth } from '../../../packages/core/src/sync/link-health.ts'
import { peerHealth } from '../../../packages/core/src/sync/peer-health.ts'

const quietMs = 10_000

/** The health of a peer whose link is so since 30 s ago, and which called so long ago. */
async function healthWith (state: LinkStatus['state'] | undefined, calledMsAgo?: number, peer: Partial<PeerView> = {}) {
  const clock = new VirtualClock()
  await clock.advance(60_000)
  const calledAt = calledMsAgo === undefined ? undefined : clock.monotonic() - calledMsAgo
  const health = { heardAt: calledAt, calledAt, lostAt: 30_000 } as LinkHealth
  const loop = state === undefined ? undefined : { status: { transport: 'http', state, reason: '', since: '' }, health }
  return peerHealth(peer as PeerView, loop, clock, quietMs)
}

describe('The health of a peer', () => {
  it('is alive while its link works or while it asks, suspect after a failure, down after more', async () => {
    expect([
      await healthWith('up'), await healthWith('suspect', 1), await healthWith('down', quietMs), await healthWith('down', quietMs + 1)
    ]).to.deep.equal(['alive', 'suspect', 'alive', 'down'])
  })

  it('is down when it called last before its link was lost, however short a time ago', async () => {
    const clock = new VirtualClock()
    await clock.advance(60_000)
    const health = { heardAt: 59_999, calledAt: 59_990, lostAt: 59_999 } as LinkHealth
    expect(peerHealth({} as PeerView, { status: { transport: 'http', state: 'down', reason: '', since: '' }, health }, clock, quietMs)).to.equal('down')
  })

  it('is unknown of one that was never heard of, and left of one that said goodbye, unless its link works', async () => {
    const gone = { leftAt: 1 }
    expect([
      await healthWith(undefined), await healthWith('connecting'), await healthWith('down'), await healthWith('down', 1, gone), await healthWith('up', 1, gone)
    ]).to.deep.equal(['unknown', 'unknown', 'unknown', 'left', 'alive'])
  })
})
