import { expect } from 'chai'
import { AttemptPair, type PairOptions } from './attempt-pair.ts'

const seeds = process.env['SOAK'] === '1' ? 150 : 100
const lossy = 0.2
/** Between 1 and 200 ms, all of them. */
const rttOf = (seed: number) => 1 + (seed * 37) % 200

const meetings: readonly { readonly title: string, readonly options: Omit<PairOptions, 'weather'>, readonly mostMs: number }[] = [
  { title: 'two ends that know each other', options: {}, mostMs: 2_500 },
  { title: 'two ends behind NATs that know each other', options: { isFiltered: true }, mostMs: 2_500 },
  { title: 'two ends without keepalives', options: { keepaliveSecs: 0 }, mostMs: 2_500 },
  { title: 'an end that is told nothing, and one that calls it', options: { knows: [false, true] }, mostMs: 2_500 },
  { title: 'an end that is told a wrong place only, and one that calls it', options: { knows: [true, false], wrongPlaces: 1 }, mostMs: 4_500 }
]

/** How long it took with each seed, the shortest first. */
async function timesOf (options: Omit<PairOptions, 'weather'>): Promise<readonly { readonly ms: number, readonly seed: number }[]> {
  const times = []
  for (let seed = 1; seed <= seeds; seed++) {
    const pair = new AttemptPair(seed, { ...options, weather: { loss: lossy, rttMs: rttOf(seed) } })
    await pair.start(seed % 2 === 0 ? 2_000 : 50)
    times.push({ ms: await pair.worksAfter(20_000), seed })
  }
  return times.sort((a, b) => a.ms - b.ms)
}

describe('TunnelAttempts at both ends of a network that loses every fifth packet each way', function () {
  this.timeout(60_000)

  for (const { title, options, mostMs } of meetings) {
    it(`agree on a session: ${title}`, async () => {
      const times = await timesOf(options)
      const [p95, longest] = [times[Math.floor(seeds * 0.95)], times.at(-1)]
      expect(p95?.ms, `the 95th of a hundred, seed ${p95?.seed}`).to.be.at.most(mostMs)
      expect(longest?.ms, `the longest, seed ${longest?.seed}`).to.be.at.most(7_000)
    })
  }

  it('leave it alone from then on, idle or used, whoever begins what WireGuard renews', async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const pair = await joined(seed, { isUsed: seed % 2 === 0, weather: { loss: 0, rttMs: rttOf(seed) } })
      const before = readds(pair)
      expect([await pair.share(300_000, () => pair.works), readds(pair) - before], `seed ${seed}`).to.deep.equal([1, 0])
    }
  })
})

describe('TunnelAttempts at both ends of a session that one has lost', () => {
  it('have a new one within seconds, when the one that has lost it does not know where the other is', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const pair = await joined(seed, { knows: [true, false], weather: { loss: 0, rttMs: rttOf(seed) } })
      await pair.ends[1].start()
      pair.ends[0].device.write(80)
      expect(await pair.worksAfter(20_000), `seed ${seed}`).to.be.within(100, 6_500)
    }
  })

  it('count it as lost when nothing answers what is sent, call less and less often, and meet again when it is back', async () => {
    const pair = await joined(1, { weather: { loss: 0, rttMs: 40 } })
    const [one, other] = pair.ends
    await other.stop()
    await pair.clock.advance(20_000)
    const idle = one.attempt.isUp
    one.device.write(80)
    await pair.clock.advance(5_000)
    const silent = one.attempt.isUp
    await pair.clock.advance(15_000)
    const before = one.readds
    await pair.clock.advance(600_000)
    expect([idle, silent, one.attempt.isUp]).to.deep.equal([true, false, false])
    expect(one.readds - before).to.be.within(30, 60)
    await other.start()
    expect(await pair.worksAfter(20_000)).to.be.lessThan(2_000)
  })

  it('do not flap with an end that answers nothing but what WireGuard answers', async () => {
    const pair = await joined(1, { weather: { loss: 0, rttMs: 40 } })
    const [one, other] = pair.ends
    other.isRunning = false
    one.device.write(60)
    const before = one.readds
    const share = await pair.share(600_000, () => one.attempt.isUp)
    expect([share > 0.95, one.readds - before < 12]).to.deep.equal([true, true])
  })
})

async function joined (seed: number, options: PairOptions): Promise<AttemptPair> {
  const pair = new AttemptPair(seed, options)
  await pair.start(50)
  await pair.worksAfter(20_000)
  await pair.clock.advance(3_000)
  return pair
}

function readds ({ ends }: AttemptPair): number {
  return ends[0].readds + ends[1].readds
}
