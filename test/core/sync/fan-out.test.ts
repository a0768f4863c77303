import { expect } from 'chai'
import { seededRandom } from '@akshi/testkit'
import type { Did } from '../../../packages/core/src/did.ts'
import { FanOut } from '../../../packages/core/src/sync/fan-out.ts'
import { madeUpDid } from '../peers/peer-fixture.ts'

const dids = Array.from({ length: 200 }, (_, number) => madeUpDid(number))
const [own, ...peers] = dids as [Did, ...Did[]]

function difference (one: ReadonlySet<Did>, other: ReadonlySet<Did>): Did[] {
  return [...one].filter((did) => !other.has(did))
}

/** How many of these nodes news of the first reaches when each pushes to those it chooses of the others. */
function reachedFrom (first: Did, choices: ReadonlyMap<Did, ReadonlySet<Did>>): number {
  const reached = new Set([first])
  for (const did of reached) for (const next of choices.get(did) ?? []) reached.add(next)
  return reached.size
}

/** Where news of one of these nodes does not reach all. News of each reaches all if there is a way from one node to each and from each to it. */
function unreached (nodes: readonly Did[], fanout: number): number {
  const choices = new Map(nodes.map((did) => [did, new FanOut(did, fanout).choose(nodes.filter((other) => other !== did))]))
  const back = new Map(nodes.map((did) => [did, new Set(nodes.filter((other) => choices.get(other)?.has(did) === true))]))
  const [first] = nodes as [Did, ...Did[]]
  return 2 * nodes.length - reachedFrom(first, choices) - reachedFrom(first, back)
}

describe('FanOut', () => {
  it('chooses all while they are few, and that many of more', () => {
    const sizes = [0, 1, 7, 8, 9, 50, 199].map((count) => [count, new FanOut(own, 8).choose(peers.slice(0, count)).size])
    expect(sizes).to.deep.equal([[0, 0], [1, 1], [7, 7], [8, 8], [9, 8], [50, 8], [199, 8]])
    expect(new FanOut(own, 8).choose(peers.slice(0, 8))).to.deep.equal(new Set(peers.slice(0, 8)))
  })

  it('chooses among those that it is given, the same in whatever order, and after a restart', () => {
    const chosen = new FanOut(own, 8).choose(peers)
    const again = new FanOut(own, 8)
    again.choose(peers.slice(20, 90))
    expect([again.choose(peers.toReversed()), difference(chosen, new Set(peers))]).to.deep.equal([chosen, []])
  })

  it('keeps its choice when a peer goes that is not in it, and replaces one that is by one', () => {
    for (const fanout of [1, 2, 8]) {
      const fanOut = new FanOut(own, fanout)
      const before = fanOut.choose(peers)
      for (const gone of peers) {
        const after = fanOut.choose(peers.filter((did) => did !== gone))
        expect([difference(before, after), difference(after, before).length]).to.deep.equal(before.has(gone) ? [[gone], 1] : [[], 0])
      }
    }
  })

  it('lets a peer that comes take one other\'s place at most, from the first to the last', () => {
    for (const fanout of [1, 2, 8]) {
      const fanOut = new FanOut(own, fanout)
      let before = fanOut.choose([])
      peers.forEach((comes, count) => {
        const after = fanOut.choose(peers.slice(0, count + 1))
        expect(difference(after, before).filter((did) => did !== comes)).to.deep.equal([])
        expect(difference(before, after).length).to.be.at.most(1)
        before = after
      })
    }
  })

  it('chooses otherwise at each node, and nobody much more often than others', () => {
    const choices = dids.map((did) => new FanOut(did, 8).choose(dids.filter((other) => other !== did)))
    const popularity = dids.map((did) => choices.filter((chosen) => chosen.has(did)).length)
    expect([new Set(choices.map((chosen) => [...chosen].sort().join())).size, Math.max(...popularity) < 24, Math.min(...popularity) > 0]).to.deep.equal([200, true, true])
  })

  it('ranks peers in an order of its own, which stays when one goes', () => {
    const ranked = new FanOut(own, 8).rank(peers)
    const without = new FanOut(own, 8).rank(peers.slice(1).toReversed())
    expect([[...ranked].sort(), without]).to.deep.equal([[...peers].sort(), ranked.filter((did) => did !== peers[0])])
    const firsts = dids.map((did) => new FanOut(did, 8).rank(dids.filter((other) => other !== did))[0])
    expect(new Set(firsts).size).to.be.greaterThan(80)
  })

  it('joins all nodes that know each other, whatever it may choose: one of them is the next on a ring of all', () => {
    const missed = [2, 3, 10, 20, 57, 100, 200].flatMap((size) => [1, 2, 3, 8].map((fanout) => unreached(dids.slice(-size), fanout)))
    expect(missed).to.deep.equal(missed.map(() => 0))
  })

  it('joins those that are left when any others are down', () => {
    const { uniform } = seededRandom(4)
    const missed = Array.from({ length: 30 }, (_, round) => {
      const share = uniform()
      const up = dids.slice(0, 100).filter(() => uniform() < share)
      return up.length === 0 ? 0 : unreached(up, 1 + round % 4)
    })
    expect(missed).to.deep.equal(missed.map(() => 0))
  })
})
