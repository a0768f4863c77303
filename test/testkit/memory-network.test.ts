import { expect } from 'chai'
import { seededIdentity } from '@akshi/testkit'
import { twoEnds } from './two-ends.ts'

describe('MemoryNetwork', () => {
  it('carries a request and its answer, each after the delay, and says who asked', async () => {
    const { push, end, here } = twoEnds({ delayMs: 20 })
    const { at, result } = await push(7, 8)
    expect([at, result?.verdicts, end.came]).to.deep.equal([
      40, [{ status: 'refused', reason: '7' }, { status: 'refused', reason: '8' }], [{ at: 20, batch: [7, 8], from: { kind: 'peer', did: here } }]
    ])
  })

  it('spreads delays by the jitter, the same for the same seed', async () => {
    const times = async (seed: number) => {
      const { digest } = twoEnds({ delayMs: 10, jitterMs: 30 }, seed)
      return [(await digest()).at, (await digest()).at, (await digest()).at]
    }
    const [first, again, other] = [await times(1), await times(1), await times(2)]
    expect(again).to.deep.equal(first)
    expect(other).not.to.deep.equal(first)
    expect(first[0]).to.be.within(20, 81)
  })

  it('calls a peer unreachable, after a time, when the request is lost', async () => {
    const { push, end, network, here, there } = twoEnds({ timeoutMs: 300 })
    network.setLink(here, there, { loss: 1 })
    const { at, code } = await push(1)
    expect([at, code, end.came.length]).to.deep.equal([300, 'MESH_PEER_UNREACHABLE', 0])
  })

  it('does so when the answer is lost too, though the request came', async () => {
    const { push, end, network, here, there } = twoEnds({ timeoutMs: 300 })
    network.setLink(there, here, { loss: 1 })
    const { at, code } = await push(1)
    expect([at, code, end.came.length]).to.deep.equal([300, 'MESH_PEER_UNREACHABLE', 1])
  })

  it('gives part of the answer to a pull before the connection breaks', async () => {
    const got: number[] = []
    for (let turn = 0; turn < 40; turn++) {
      const { pull, network, here, there } = twoEnds({ timeoutMs: 100 }, turn)
      network.setLink(there, here, { loss: 0.5 })
      got.push(await pull())
    }
    expect([got.includes(20), got.some((count) => count > 0 && count < 20)]).to.deep.equal([true, true])
  })

  it('repeats pushes', async () => {
    const { push, end, clock } = twoEnds({ repeat: 1 })
    await push(5)
    await clock.advance(2_000)
    expect(end.came.map(({ batch }) => batch)).to.deep.equal([[5], [5]])
  })

  it('brings the items of a push in another order, and the verdicts in the order asked', async () => {
    const items = [...Array(20).keys()]
    const { push, end } = twoEnds({ reorder: 1 })
    const { result } = await push(...items)
    expect(result?.verdicts.map(({ reason }) => Number(reason))).to.deep.equal(items)
    expect(end.came[0]?.batch).to.have.members(items).and.not.deep.equal(items)
  })

  it('lets later messages overtake earlier ones', async () => {
    const { network, end, clock, here, there } = twoEnds({ reorder: 0.5 })
    const links = [...Array(20).keys()].map(() => network.connect(here, there))
    const calls = links.map((link, item) => link.push([Uint8Array.of(item)], new AbortController().signal))
    await clock.advance(2_000)
    await Promise.all(calls)
    expect(end.came.map(({ batch: [item] }) => item)).to.have.members([...Array(20).keys()]).and.not.deep.equal([...Array(20).keys()])
  })

  it('takes the time that the bandwidth asks, one message after the other', async () => {
    const { push } = twoEnds({ delayMs: 0, bytesPerSecond: 1_000 })
    expect((await push(1)).at).to.be.within(65, 200)
  })

  it('parts sides, in flight too, and heals', async () => {
    const { push, end, network, here, there, clock } = twoEnds({ delayMs: 50, timeoutMs: 100 })
    const call = push(1)
    network.partition([here], [there])
    expect([(await call).code, (await push(2)).code, end.came.length]).to.deep.equal(['MESH_PEER_UNREACHABLE', 'MESH_PEER_UNREACHABLE', 0])
    network.heal()
    await push(3)
    expect([end.came.map(({ batch }) => batch), clock.monotonic() >= 200]).to.deep.equal([[[3]], true])
  })

  it('cuts one way only', async () => {
    const { push, end, network, here, there } = twoEnds({ timeoutMs: 100 })
    network.cut(there, here)
    await push(1)
    network.cut(here, there)
    await push(2)
    network.mend(there, here)
    network.mend(here, there)
    await push(3)
    expect(end.came.map(({ batch }) => batch)).to.deep.equal([[1], [3]])
  })

  it('says soon that nobody listens, and does not answer for one who left during the request', async () => {
    const { push, detach, network, here, there } = twoEnds({ delayMs: 20, timeoutMs: 500 })
    detach()
    const { at, code } = await push(1)
    expect([at, code, network.reaches(here, there)]).to.deep.equal([40, 'MESH_PEER_UNREACHABLE', true])
  })

  it('counts what each node sends and receives, what is lost as sent', async () => {
    const { push, network, here, there } = twoEnds({ timeoutMs: 100 })
    await push(1)
    network.setLink(here, there, { loss: 1 })
    await push(1)
    const { sent, received } = network.traffic(here)
    expect([sent.messages, received.messages, network.traffic(there).received.messages, sent.bytes]).to.deep.equal([2, 1, 1, 130])
  })

  it('knows whose an address is, and tells who can be found', () => {
    const { network, here, there } = twoEnds()
    const third = seededIdentity(3).did
    network.announce(there, [network.addressOf(there)])
    network.announce(third, [network.addressOf(third)])
    network.partition([here, there], [third])
    expect([network.announcedTo(here).map(({ did }) => did), network.atAddress(network.addressOf(third))]).to.deep.equal([[there], third])
  })
})
