import { expect } from 'chai'
import type { Did } from '../../../packages/core/src/did.ts'
import { Carriers } from '../../../packages/core/src/sync/carriers.ts'
import { isBetterInside, peerPath, type PathFacts } from '../../../packages/core/src/sync/peer-path.ts'
import { madeUpDid } from '../peers/peer-fixture.ts'

const tunnel = { state: 'trying', address: 'fd00::1', endpoint: '192.0.2.1:51820', rxBytes: 0, txBytes: 0, reason: 'both NATs are symmetric' } as const
const facts: PathFacts = { health: 'unknown', tunnel: undefined, isInTunnel: (host) => host === 'fd00::1', carriers: [], folder: undefined, reason: 'refused' }

/** With a link to there. */
const linked = (host: string, more: Partial<PathFacts> = {}) => peerPath({ ...facts, link: { at: { host, port: 3210 } }, carriers: ['pub'], folder: 'fs', ...more })

describe('peerPath', () => {
  it('is that of the link, where one works: in a tunnel, on this machine, over other networks, or over a transport that says nothing', () => {
    expect([linked('fd00::1', { tunnel: { ...tunnel, state: 'up' } }), linked('127.0.0.1'), linked('::1'), linked('203.0.113.1'), linked('2001:db8::1'), peerPath({ ...facts, link: { at: undefined } })]).to.deep.equal([
      { kind: 'tunnel', at: '192.0.2.1:51820' },
      { kind: 'lan', at: '127.0.0.1:3210' },
      { kind: 'lan', at: '[::1]:3210' },
      { kind: 'direct', at: '203.0.113.1:3210' },
      { kind: 'direct', at: '[2001:db8::1]:3210' },
      { kind: 'direct' }
    ])
  })

  it('is the peer\'s own link to this node where only that works', () => {
    const { kind, reason } = peerPath({ ...facts, health: 'alive', carriers: ['pub'], folder: 'fs' })
    expect([kind, reason]).to.deep.equal(['called', 'it calls this node, which cannot call it: refused'])
  })

  it('leads through those who bring what the peer writes, with the reason of its tunnel if there is one', () => {
    expect([peerPath({ ...facts, carriers: ['pub', 'gamma'], folder: 'fs' }), peerPath({ ...facts, carriers: ['pub'], tunnel }), peerPath({ ...facts, carriers: ['pub'], tunnel: { state: 'trying', address: 'fd00::1', rxBytes: 0, txBytes: 0 } })]).to.deep.equal([
      { kind: 'via', through: ['pub', 'gamma'], reason: 'refused' },
      { kind: 'via', through: ['pub'], reason: 'both NATs are symmetric' },
      { kind: 'via', through: ['pub'], reason: 'a tunnel to it is being tried' }
    ])
  })

  it('leads through a folder that is written, or nowhere; to one that has said goodbye nobody carries anything', () => {
    expect([peerPath({ ...facts, folder: 'fs' }), peerPath(facts), peerPath({ ...facts, health: 'left', carriers: ['pub'] })]).to.deep.equal([
      { kind: 'folder', through: ['fs'], reason: 'refused' },
      { kind: 'none', reason: 'refused' },
      { kind: 'none', reason: 'refused' }
    ])
  })
})

describe('isBetterInside', () => {
  const inside = { host: 'fd00::1', port: 3210 }
  const [far, here] = [{ host: '203.0.113.1', port: 3210 }, { host: '127.0.0.1', port: 3210 }]
  const isBetter = (at: typeof inside | undefined, ...addresses: (typeof inside)[]) => isBetterInside(at, addresses, (host) => host === inside.host)

  it('is true of a link over other networks once the peer was met in its tunnel, and of no other', () => {
    expect([isBetter(far, inside, far), isBetter(far, far, inside), isBetter(here, inside), isBetter(inside, inside), isBetter(undefined, inside), isBetter(far)])
      .to.deep.equal([true, false, false, false, false, false])
  })
})

describe('Carriers', () => {
  it('are those who brought something of a node, the latest first, each once, and a few at most', () => {
    const [origin, a, b, c, d, e] = [0, 1, 2, 3, 4, 5].map(madeUpDid) as [Did, Did, Did, Did, Did, Did]
    const carriers = new Carriers()
    for (const did of [a, b, c, d, e, b]) carriers.note(origin, did)
    expect([carriers.of(origin), carriers.of(a)]).to.deep.equal([[b, e, d, c], []])
  })
})
