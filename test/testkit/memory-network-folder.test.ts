import { expect } from 'chai'
import { encodeSnapshot, sealEnvelope, type Did, type EnvelopeReceiver, type FeedId, type Identity, type Link, type LogHeader, type Transport } from '@akshi/core'
import { seededIdentity, seededRandom, SharedFolder, VirtualClock } from '@akshi/testkit'

const meshId = 'm'
const [one, two] = [seededIdentity(1), seededIdentity(2)] as [Identity, Identity]
const feed: FeedId = { journal: 'notes', part: 'log', origin: one.did }

/** Envelopes of a log, each after the one before; those of `perSegment` are in one segment. */
function chain (count: number, { after, perSegment = Infinity, salt = 0 }: { readonly after?: Item, readonly perSegment?: number, readonly salt?: number } = {}): Item[] {
  const items: Item[] = []
  for (let last = after; items.length < count; last = items.at(-1)) {
    const seq = (last?.header.seq ?? 0) + 1
    const header: LogHeader = {
      kind: 'journal', part: 'log', journal: 'notes', seq, prev: last?.id, segment: perSegment === Infinity ? 0 : Math.floor((seq - 1) / perSegment), entries: seq, actor: new Uint8Array(16), heads: [new Uint8Array(32)], at: salt
    }
    items.push(sealEnvelope(one, meshId, header, Uint8Array.of(salt)))
  }
  return items
}
type Item = ReturnType<typeof sealEnvelope<LogHeader>>

function snapshotOf (proof: Item): Uint8Array {
  return encodeSnapshot({ proof, inflatedBytes: 1, deflated: Uint8Array.of(1) })
}

/** A folder, and what node one and two do with it. */
async function shared () {
  const clock = new VirtualClock()
  const folder = new SharedFolder({ name: 'folder', meshId, clock, random: seededRandom(1) })
  const hints: Did[] = []
  const use = async ({ did }: Identity) => {
    const { transport } = folder.transport(did).setup({} as Parameters<ReturnType<SharedFolder['transport']>['setup']>[0]) as { transport: Transport }
    await transport.start({ hint: () => hints.push(did) } as unknown as EnvelopeReceiver, new AbortController().signal)
    return { transport, link: await transport.connect({ kind: 'shared' }, new AbortController().signal) }
  }
  const settle = async <Result>(call: Promise<Result>): Promise<Result | string> => {
    const end = call.catch(({ code }: { code: string }) => code)
    await clock.advance(100)
    return await end
  }
  const [first, second] = [await use(one), await use(two)]
  const push = async (items: readonly Uint8Array[], { link }: { readonly link: Link } = first) => {
    const receipt = await settle(link.push(items, new AbortController().signal))
    return typeof receipt === 'string' ? receipt : receipt.verdicts.map(({ status }) => status)
  }
  const have = async ({ link }: { readonly link: Link } = second) => {
    const digest = await settle(link.digest({ root: new Uint8Array(32) }, new AbortController().signal))
    return typeof digest === 'string' ? digest : digest.feeds?.flatMap(({ tips }) => tips.map(({ seq }) => seq)) ?? []
  }
  const pull = async (have: readonly Item[] = [], limit = 100) => {
    const got: Uint8Array[] = []
    const call = (async () => { for await (const item of second.link.pull([{ feed, have: have.map(({ id, header: { seq } }) => ({ seq, id })) }], { limit }, new AbortController().signal)) got.push(item) })()
    await settle(call)
    return got
  }
  return { clock, folder, hints, first, second, push, have, pull }
}

describe('SharedFolder', () => {
  it('gives to one node what another wrote, and a hint that it is there', async () => {
    const { push, have, pull, hints, clock } = await shared()
    const items = chain(3)
    await clock.advance(1_500)
    hints.length = 0
    await push(items.map(({ bytes }) => bytes))
    await clock.advance(1_500)
    expect([await have(), hints, await pull(), await pull(items.slice(0, 2))]).to.deep.equal([[3], [two.did], items.map(({ bytes }) => bytes), [items[2]?.bytes]])
  })

  it('says what is there already, and what belongs in no folder', async () => {
    const { push } = await shared()
    const [item] = chain(1) as [Item]
    await push([item.bytes])
    expect(await push([item.bytes, Uint8Array.of(1)])).to.deep.equal(['duplicate', 'refused'])
  })

  it('counts nothing that stands behind a gap, and shows both paths of a fork', async () => {
    const { push, have, pull } = await shared()
    const base = chain(2)
    const [left, right] = [chain(2, { after: base[1] as Item, salt: 1 }), chain(1, { after: base[1] as Item, salt: 2 })]
    await push([...base, ...left.slice(1), ...right].map(({ bytes }) => bytes))
    const gap = await have()
    await push(left.map(({ bytes }) => bytes))
    expect([gap, await have(), (await pull([...left.slice(1)])).length]).to.deep.equal([[3], [3, 4], 1])
  })

  it('is out of reach while it is not mounted, for that node only', async () => {
    const { push, have, folder, first, second } = await shared()
    folder.unmount(two.did)
    await push(chain(1).map(({ bytes }) => bytes))
    const away = await have(second)
    folder.mount(two.did)
    expect([away, await have(first), await have(second)]).to.deep.equal(['MESH_DISK_FAILED', [1], [1]])
  })

  it('takes lost and damaged files for missing, and what is put back for new', async () => {
    const { push, have, pull, folder, hints, clock } = await shared()
    const items = chain(4).map(({ bytes }) => bytes)
    await push(items)
    folder.spoil(1)
    const spoiled = [await have(), await pull()]
    const again = await push(items)
    folder.lose(1)
    await clock.advance(1_500)
    expect([spoiled, again, await have(), hints.includes(one.did)]).to.deep.equal([[[], []], ['stored', 'stored', 'stored', 'stored'], [], true])
  })

  it('goes back to what was kept', async () => {
    const { push, have, folder } = await shared()
    const items = chain(3).map(({ bytes }) => bytes)
    await push(items.slice(0, 2))
    folder.keep()
    await push(items)
    folder.rollBack()
    expect(await have()).to.deep.equal([2])
  })

  it('gives a snapshot in place of what is missing before it', async () => {
    const { push, have, pull } = await shared()
    const items = chain(5)
    const snapshot = snapshotOf(items[3] as Item)
    await push([snapshot, (items[4] as Item).bytes])
    expect([await have(), await pull()]).to.deep.equal([[5], [snapshot, items[4]?.bytes]])
  })

  it('lets an origin, and nobody else, delete what its snapshot of a sealed segment stands for', async () => {
    const { push, pull, first, second } = await shared()
    const items = chain(6, { perSegment: 4 })
    const snapshot = snapshotOf(items[3] as Item)
    await push(items.map(({ bytes }) => bytes))
    await push([snapshot], second)
    const before = (await pull()).length
    await push([snapshot], first)
    expect([before, await pull()]).to.deep.equal([6, [snapshot, items[4]?.bytes, items[5]?.bytes]])
  })

  it('does nothing any more for a node that died during a call', async () => {
    const { clock, folder, first, have } = await shared()
    const call = first.link.push(chain(20).map(({ bytes }) => bytes), new AbortController().signal).catch(({ code }: { code: string }) => code)
    await clock.advance(5)
    folder.detach(one.did)
    await clock.advance(100)
    expect([await call, await have()]).to.deep.equal(['MESH_NOT_RUNNING', [8]])
  })
})
