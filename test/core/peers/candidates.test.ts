import { expect } from 'chai'
import { seededRandom, settle, VirtualClock } from '@akshi/testkit'
import { MeshError } from '../../../packages/core/src/errors.ts'
import type { Did } from '../../../packages/core/src/did.ts'
import { Candidates } from '../../../packages/core/src/peers/candidates.ts'
import type { KnownPeers, Meeting } from '../../../packages/core/src/peers/known-peers.ts'
import { lineLogger } from '../../support/line-logger.ts'
import { address, announcementBy, madeUpDid } from './peer-fixture.ts'

const [own, one, two] = [madeUpDid(0), madeUpDid(1), madeUpDid(2)]
const at = (port: number) => ({ host: '192.0.2.1', port })

/** Candidates over a prober that answers as the test says: an error, a node's name, or nothing at all. */
function makeCandidates (answer: (did: Did, port: number) => Error | string | undefined, started = true) {
  const clock = new VirtualClock()
  const { logger, lines } = lineLogger()
  const dials: number[] = []
  const met: Meeting[] = []
  let pending = 0
  let most = 0
  const prober = {
    prove: async (did: Did, { port }: { port: number }, signal: AbortSignal) => {
      dials.push(port)
      most = Math.max(most, ++pending)
      try {
        const said = answer(did, port)
        if (said === undefined) await new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        await settle()
        if (said instanceof Error) throw said
        return announcementBy(did, said ?? '')
      } finally {
        pending--
      }
    }
  }
  const peers = { met: (meeting: Meeting) => { met.push(meeting) } } as unknown as KnownPeers
  const candidates = new Candidates({ did: own, addresses: () => [at(99)] }, peers, clock, seededRandom(), logger)
  if (started) candidates.start(prober)
  return { clock, lines, dials, met, candidates, prober, most: () => most }
}

const unreachable = new MeshError('MESH_PEER_UNREACHABLE', 'refused')
const mismatch = new MeshError('MESH_PEER_MISMATCH', 'another key')

/** Lets dials that answer at once come to an end, and those that follow them. */
async function finish (): Promise<void> {
  for (let turn = 0; turn < 400; turn++) await settle()
}

describe('Candidates', () => {
  it('do not dial this node itself, whoever is said to be at its addresses', async () => {
    const { candidates, dials } = makeCandidates(() => 'alpha')
    candidates.report({ did: one, addresses: [at(99), at(1)] }, 'gossip')
    candidates.report({ did: own, addresses: [at(2)] }, 'gossip')
    await finish()
    expect([dials, candidates.triesOf(one).length]).to.deep.equal([[1], 1])
  })

  it('tell what became of each address of a node: met, failed and why and for how long, or still being dialled', async () => {
    const { clock, candidates } = makeCandidates((_, port) => port === 1 ? 'alpha' : port === 2 ? unreachable : undefined)
    candidates.report({ did: one, addresses: [at(1), at(2), at(3)] }, 'mdns')
    candidates.report({ did: two, addresses: [at(4)] }, 'mdns')
    await finish()
    const triedAt = new Date(clock.now()).toISOString()
    const [met, failed, dialling, ...others] = candidates.triesOf(one)
    const { retryInMs = 0, ...rest } = failed ?? {}
    expect([met, rest, dialling, others]).to.deep.equal([
      { address: at(1), source: 'mdns', triedAt, result: 'met' },
      { address: at(2), source: 'mdns', triedAt, result: 'failed', error: 'refused' },
      { address: at(3), source: 'mdns', triedAt, result: 'dialling' },
      []
    ])
    expect(retryInMs).to.be.within(1, 60_000)
    await candidates.stop()
  })

  it('note in the peer book who showed a key, with where and by whom it was found', async () => {
    const { candidates, met } = makeCandidates(() => 'alpha')
    candidates.report({ did: one, addresses: [address], onLink: true }, 'mdns')
    candidates.report({ did: two, addresses: [at(1)] }, 'gossip')
    await finish()
    expect(met).to.deep.equal([
      { did: one, address, source: 'mdns', onLink: true, announcement: announcementBy(one, 'alpha') },
      { did: two, address: at(1), source: 'gossip', onLink: false, announcement: announcementBy(two, 'alpha') }
    ])
  })

  it('wait until there is somebody to dial them, and are dialled then', async () => {
    const { candidates, dials, prober } = makeCandidates(() => 'alpha', false)
    candidates.report({ did: one, addresses: [address] }, 'mdns')
    await finish()
    expect(dials).to.deep.equal([])
    candidates.start(prober)
    await finish()
    expect(dials).to.deep.equal([address.port])
  })

  it('never dial this node', async () => {
    const { candidates, dials } = makeCandidates(() => 'me')
    candidates.report({ did: own, addresses: [address] }, 'mdns')
    await finish()
    expect(dials).to.deep.equal([])
  })

  it('dial a claim that is repeated once a minute at most', async () => {
    const { candidates, clock, dials } = makeCandidates(() => 'alpha')
    const report = () => candidates.report({ did: one, addresses: [address] }, 'mdns')
    report()
    report()
    await finish()
    report()
    await clock.advance(59_999)
    report()
    await finish()
    expect(dials.length).to.equal(1)
    await clock.advance(1)
    report()
    await finish()
    expect(dials.length).to.equal(2)
  })

  it('dial six of one source at a time, and keep 256 of its claims waiting at most', async () => {
    const { candidates, clock, dials, most } = makeCandidates(() => undefined)
    candidates.report({ did: one, addresses: Array.from({ length: 1_000 }, (_, port) => at(port)) }, 'mdns')
    await finish()
    expect([dials.length, most()]).to.deep.equal([6, 6])
    const stopped = candidates.stop()
    await stopped
    expect(clock.delays).to.deep.equal([])
    const quick = makeCandidates(() => 'alpha')
    quick.candidates.report({ did: one, addresses: Array.from({ length: 1_000 }, (_, port) => at(port)) }, 'mdns')
    await finish()
    expect([quick.dials.length, quick.most(), quick.candidates.droppedOf('mdns')]).to.deep.equal([256, 6, 999 - 256])
  })

  it('give a dial ten seconds, and dial the next', async () => {
    const { candidates, clock, dials, lines } = makeCandidates((_did, port) => port < 6 ? undefined : 'alpha')
    candidates.report({ did: one, addresses: Array.from({ length: 7 }, (_, port) => at(port)) }, 'mdns')
    await clock.advance(9_999)
    expect(dials.length).to.equal(6)
    await clock.advance(1)
    await finish()
    expect([dials.includes(6), lines[0]]).to.deep.equal([true, 'warn a candidate could not be reached'])
    await candidates.stop()
  })

  it('give each source its turn: who floods delays nobody but itself', async () => {
    const { candidates, clock, dials, most, lines } = makeCandidates((_did, port) => port < 1_000 ? undefined : 'alpha')
    candidates.report({ did: one, addresses: Array.from({ length: 900 }, (_, port) => at(port + 1)) }, 'flood')
    candidates.report({ did: two, addresses: [at(1_001), at(1_002), at(1_003)] }, 'quiet')
    await finish()
    expect([dials.filter((port) => port > 1_000), most(), candidates.droppedOf('quiet')]).to.deep.equal([[1_001, 1_002, 1_003], 8, 0])
    expect([candidates.droppedOf('flood') > 600, lines]).to.deep.equal([true, ['warn a source reports more candidates than can be dialled: the rest is dropped, those of others are not']])
    await candidates.stop()
    expect(clock.delays).to.deep.equal([])
  })

  it('forget the oldest of 512 addresses that a source has named', async () => {
    const { candidates, clock } = makeCandidates(() => 'alpha')
    for (let number = 0; number < 520; number++) {
      candidates.report({ did: one, addresses: [at(1_000 + number)] }, 'flood')
      await finish()
      await clock.advance(30)
    }
    const ports = candidates.triesOf(one).map(({ address: { port } }) => port)
    expect([ports.length, Math.min(...ports)]).to.deep.equal([512, 1_008])
  })

  it('dial 33 of a source in a second at most, when it has had 256 at once', async () => {
    const { candidates, clock, dials } = makeCandidates(() => unreachable)
    for (let turn = 0; turn < 4; turn++) {
      candidates.report({ did: one, addresses: Array.from({ length: 250 }, (_, port) => at(1 + 250 * turn + port)) }, 'flood')
      await finish()
    }
    expect(dials.length).to.be.within(256, 258)
    const before = new Set(dials)
    await clock.advance(1_000)
    expect(dials.filter((port) => !before.has(port)).length).to.be.within(10, 34)
    await candidates.stop()
  })

  it('dial again after a failure, later each time, seven times in all, and say so once', async () => {
    const { candidates, clock, dials, lines } = makeCandidates(() => unreachable)
    candidates.report({ did: one, addresses: [address] }, 'mdns')
    const gaps: number[] = []
    await finish()
    for (let retry = 0; retry < 10; retry++) {
      const [delay] = clock.delays
      if (delay === undefined) break
      gaps.push(delay)
      await clock.advance(delay)
      await finish()
    }
    expect([dials.length, gaps.length, lines]).to.deep.equal([7, 6, ['warn a candidate could not be reached']])
    for (const [index, gap] of gaps.entries()) expect(gap).to.be.within(125 * 2 ** index, 250 * 2 ** index)
  })

  it('do not dial earlier because a claim is repeated', async () => {
    const { candidates, clock, dials } = makeCandidates(() => unreachable)
    for (let report = 0; report < 5; report++) {
      candidates.report({ did: one, addresses: [address] }, 'mdns')
      await finish()
    }
    expect(dials.length).to.equal(1)
    await clock.advance(250)
    await finish()
    expect(dials.length).to.equal(2)
    await candidates.stop()
  })

  it('dial other addresses of a node meanwhile, and other nodes at the same address', async () => {
    const { candidates, dials, met } = makeCandidates((did, port) => did === one && port === 1 ? mismatch : 'alpha')
    candidates.report({ did: one, addresses: [at(1), at(2)] }, 'mdns')
    candidates.report({ did: two, addresses: [at(1)] }, 'mdns')
    await finish()
    expect([dials, met.map(({ did, address: { port } }) => [did, port])]).to.deep.equal([[1, 2, 1], [[one, 2], [two, 1]]])
    await candidates.stop()
  })

  it('say once that another node answers, however often it does', async () => {
    const { candidates, clock, lines } = makeCandidates(() => mismatch)
    candidates.report({ did: one, addresses: [address] }, 'mdns')
    for (let retry = 0; retry < 5; retry++) {
      await finish()
      await clock.advance(clock.delays[0] ?? 0)
    }
    expect(lines).to.deep.equal(['warn another node answers at the address of a candidate'])
    await candidates.stop()
  })

  it('stop dialling, leave no timer, and take nothing any more', async () => {
    const { candidates, clock, dials, met, lines } = makeCandidates((_did, port) => port === 1 ? unreachable : undefined)
    candidates.report({ did: one, addresses: [at(1), at(2)] }, 'mdns')
    await finish()
    await candidates.stop()
    candidates.report({ did: two, addresses: [at(3)] }, 'mdns')
    await finish()
    expect([clock.delays, dials, met, lines.length]).to.deep.equal([[], [1, 2], [], 1])
  })
})
