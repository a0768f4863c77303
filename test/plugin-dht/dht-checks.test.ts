import { expect } from 'chai'
import { observe } from '../../packages/plugin-dht/src/dht-checks.ts'
import type { DhtStatus } from '../../packages/plugin-dht/src/dht-status.ts'

const good: DhtStatus = { state: 'joined', role: 'server', port: 4_211, nodes: 4, members: 3, copies: 4, publishedAt: '2026-01-01T00:00:00.000Z', tries: [{ address: 'a:1' }], isPolyfilled: false }
const seen = (status: Partial<DhtStatus>) => observe({ ...good, ...status }).map(({ level, message, fix = '' }) => `${level} ${message} -> ${fix}`)

describe('the checks of the DHT', () => {
  it('say nothing while it is off, and that all is well', () => {
    expect(observe({ state: 'off', isPolyfilled: true })).to.deep.equal([])
    expect(seen({})).to.deep.equal(['ok joined by 4 other nodes; 3 members of this mesh are listed -> '])
  })

  it('name each bootstrap node that does not answer, with its error', () => {
    expect(seen({ state: 'joining', tries: [{ address: 'a:1', error: 'connect ECONNREFUSED' }, { address: 'b:2', error: 'it took longer than 5 s' }] }))
      .to.deep.equal(['failure no bootstrap node answers: a:1 (connect ECONNREFUSED); b:2 (it took longer than 5 s) -> akshi run --dht-bootstrap HOST:PORT'])
  })

  it('know the first node, which has nobody to join', () => {
    expect(seen({ state: 'joining', tries: [] })).to.deep.equal(['note no other node of the DHT has come yet: this is the first one -> '])
  })

  it('warn when no member is listed, and when nobody keeps the record', () => {
    expect(seen({ members: 0 }).at(0)).to.match(/^warning .*\[mesh\] id and secret differ -> akshi config show$/)
    expect(seen({ copies: 0 }).at(1)).to.match(/^warning nobody keeps the record of this node/)
  })

  it('say when nobody can dial the node, and when Node lacks what libp2p wants', () => {
    expect(seen({ role: 'client' }).at(1)).to.match(/^note this node has no address .* TCP port 4211, set external_address; .*publish_private = true/)
    expect(seen({ isPolyfilled: true }).at(1)).to.match(/^note Node .* lacks Promise.withResolvers/)
  })
})
