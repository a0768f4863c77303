import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { Probing } from '../../../packages/core/src/sync/probing.ts'

const periodMs = 2_000

/** Links that answer each probe at once, unless they are in `silent`; `probes` is when each was probed, and which. */
function field (count: number) {
  const clock = new VirtualClock()
  const heardAt = new Map<number, number>()
  const probes: [at: number, link: number][] = []
  const silent = new Set<number>()
  const oneWay = new Set<number>()
  const probe = (link: number) => {
    probes.push([clock.monotonic(), link])
    if (!silent.has(link)) heardAt.set(link, clock.monotonic())
  }
  const probing = new Probing(clock, periodMs, () => [...Array(count).keys()].map((link) => ({ heardAt: heardAt.get(link), isOneWay: oneWay.has(link), probe: () => probe(link) })))
  return { clock, heardAt, probes, silent, oneWay, probing }
}

describe('Probing', () => {
  it('asks one link a period: that from which nothing was heard for longest, so each in turn', async () => {
    const { clock, heardAt, probes, probing } = field(4)
    await clock.advance(10_000)
    for (const [link, at] of [[0, 7_000], [1, 5_000], [2, 8_000], [3, 6_000]] as const) heardAt.set(link, at)
    probing.start()
    await clock.advance(5 * periodMs)
    expect(probes).to.deep.equal([[12_000, 1], [14_000, 3], [16_000, 0], [18_000, 2], [20_000, 1]])
  })

  it('asks first one that was never heard', async () => {
    const { clock, heardAt, probes, probing } = field(3)
    await clock.advance(10_000)
    for (const link of [0, 2]) heardAt.set(link, 1)
    probing.start()
    await clock.advance(periodMs)
    expect(probes).to.deep.equal([[12_000, 1]])
  })

  it('asks nobody who was heard within the period, nor anybody when there is none', async () => {
    const { clock, heardAt, probes, probing } = field(2)
    probing.start()
    await clock.advance(1)
    for (const link of [0, 1]) heardAt.set(link, 1)
    await clock.advance(periodMs - 1)
    expect(probes).to.deep.equal([])
    heardAt.set(0, periodMs)
    await clock.advance(periodMs)
    expect(probes).to.deep.equal([[2 * periodMs, 1]])
    const none = field(0)
    none.probing.start()
    await none.clock.advance(10 * periodMs)
    expect(none.probes).to.deep.equal([])
  })

  it('costs one probe a period in a mesh of any size', async () => {
    const { clock, probes, probing } = field(200)
    probing.start()
    await clock.advance(100 * periodMs)
    expect([probes.length, new Set(probes.map(([, link]) => link)).size]).to.deep.equal([100, 100])
  })

  it('asks nothing once it is stopped, and leaves no timer', async () => {
    const { clock, probes, probing } = field(2)
    probing.start()
    await clock.advance(periodMs)
    probing.stop()
    await clock.advance(10 * periodMs)
    expect([probes.length, clock.delays]).to.deep.equal([1, []])
  })

  it('asks those that do not call twice a period, and the others as before', async () => {
    const { clock, probes, oneWay, probing } = field(3)
    oneWay.add(1)
    probing.start()
    await clock.advance(2 * periodMs)
    expect(probes).to.deep.equal([[1_000, 1], [2_000, 1], [2_000, 0], [3_000, 1], [4_000, 1], [4_000, 2]])
  })
})
