import { expect } from 'chai'
import { SeenPeers } from '../../packages/plugin-dht/src/seen-peers.ts'

/** As libp2p tells of it, as far as `SeenPeers` looks. */
const told = (id: string, ...multiaddrs: string[]) => ({ id, multiaddrs }) as unknown as Parameters<SeenPeers['isNews']>[0]

describe('SeenPeers', () => {
  it('takes for news who was not heard of, or is elsewhere now, and nothing twice', () => {
    const seen = new SeenPeers()
    expect([told('a', '/x'), told('a', '/x'), told('b', '/x'), told('a', '/y'), told('a', '/y'), told('a', '/x')].map((peer) => seen.isNews(peer))).to.deep.equal([true, false, true, true, false, true])
  })

  it('forgets the oldest when there are too many', () => {
    const seen = new SeenPeers()
    for (let index = 0; index <= 4_096; index++) seen.isNews(told(String(index), '/x'))
    expect([seen.isNews(told('4096', '/x')), seen.isNews(told('0', '/x'))]).to.deep.equal([false, true])
  })
})
