import { expect } from 'chai'
import type { Health } from '../../../packages/core/src/control.ts'
import type { Did } from '../../../packages/core/src/did.ts'
import type { PeerView, Trust } from '../../../packages/core/src/peer-book.ts'
import { Carriers } from '../../../packages/core/src/sync/carriers.ts'
import type { LinkLoop } from '../../../packages/core/src/sync/link-loop.ts'
import { PeerPaths } from '../../../packages/core/src/sync/peer-paths.ts'
import { madeUpDid } from '../peers/peer-fixture.ts'

const [peer, pub, gone, stranger] = [0, 1, 2, 3].map(madeUpDid) as [Did, Did, Did, Did]
const inside = { host: 'fd00::1', port: 3210 }
const far = { host: '203.0.113.1', port: 3210 }

/** Paths to a peer over a link that leads there, or over none. */
function makePaths (at?: typeof far) {
  const carriers = new Carriers()
  let renewals = 0
  const view = (did: Did, trust: Trust = 'trusted', addresses = [far]) => ({ did, name: `name of ${did.slice(-2)}`, trust, addresses }) as unknown as PeerView
  const loop = { status: { state: at === undefined ? 'down' : 'up', reason: 'refused' }, at, renew: () => { renewals++ } } as unknown as LinkLoop
  const paths = new PeerPaths({
    peers: { get: (did) => view(did, did === stranger ? 'pending' : 'trusted') },
    tunnels: { contains: (host) => host === inside.host, to: () => undefined },
    carriers,
    linkTo: (did) => did === peer ? loop : undefined,
    healthOf: ({ did }): Health => did === peer ? 'unknown' : did === gone ? 'down' : 'alive',
    folderFor: () => undefined,
    reasonFor: () => 'no address of it is known'
  })
  return { paths, carriers, view, renewals: () => renewals }
}

describe('PeerPaths', () => {
  it('lead through those alone with whom this node is in touch, and whom it trusts', () => {
    const { paths, carriers, view } = makePaths()
    for (const carrier of [pub, gone, stranger]) carriers.note(peer, carrier)
    expect(paths.of(view(peer))).to.deep.equal({ kind: 'via', through: [view(pub).name], reason: 'refused' })
  })

  it('move a link into the tunnel when the peer was met there, once', () => {
    const { paths, view, renewals } = makePaths(far)
    const counts = [[far], [inside, far], [inside, far], [far, inside], [inside]].map((addresses) => {
      paths.moveInside(view(peer, 'trusted', addresses))
      return renewals()
    })
    expect(counts).to.deep.equal([0, 1, 1, 1, 1])
  })

  it('move no link that is down, or in the tunnel already', () => {
    const moved = [undefined, inside].map((at) => {
      const { paths, view, renewals } = makePaths(at)
      paths.moveInside(view(peer, 'trusted', [inside, far]))
      return renewals()
    })
    expect(moved).to.deep.equal([0, 0])
  })
})
