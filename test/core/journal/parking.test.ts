import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { FaultyDisk } from '@akshi/testkit'
import { sealEnvelope, type JournalEnvelope, type LogEnvelope, type StateEnvelope } from '../../../packages/core/src/envelope.ts'
import { createIdentity, type Identity } from '../../../packages/core/src/identity.ts'
import type { Arrival } from '../../../packages/core/src/journal/feed.ts'
import { Parking, type ParkingOptions } from '../../../packages/core/src/journal/parking.ts'
import { encodeSnapshot } from '../../../packages/core/src/snapshot.ts'
import type { FeedId } from '../../../packages/core/src/transport.ts'

const meshId = 'mesh'
const path = '/home/parked'
const alice = createIdentity()
const bob = createIdentity()
const journal = 'notes'

function entry (identity: Identity, seq: number, payload = new Uint8Array(100)): LogEnvelope {
  const prev = seq === 1 ? undefined : new Uint8Array(32)
  return sealEnvelope(identity, meshId, { kind: 'journal', journal, part: 'log', seq, prev, segment: 0, entries: seq, actor: new Uint8Array(16), heads: [new Uint8Array(32)], at: 0 }, payload)
}

function change (identity: Identity, seq: number, head: number): StateEnvelope {
  const prev = seq === 1 ? undefined : new Uint8Array(32)
  return sealEnvelope(identity, meshId, { kind: 'journal', journal, part: 'state', seq, prev, actor: new Uint8Array(16), heads: [new Uint8Array(32).fill(head)], at: 0 }, new Uint8Array(10))
}

function snapshotOf (proof: LogEnvelope): { item: Arrival, bytes: Uint8Array } {
  const snapshot = { proof, inflatedBytes: 3, deflated: new Uint8Array(deflateRawSync(Uint8Array.of(1, 2, 3))) }
  const bytes = encodeSnapshot(snapshot)
  return { item: { kind: 'snapshot', snapshot, bytes }, bytes }
}

const feedOf = ({ did }: Identity, part: FeedId['part'] = 'log'): FeedId => ({ journal, part, origin: did })

/** A parking lot on a disk in memory. */
class Lot {
  disk = new FaultyDisk()
  parking!: Parking
  readonly #options: ParkingOptions

  private constructor (options: Partial<ParkingOptions>) {
    this.#options = { meshId, durability: 'fsync', ...options }
  }

  static async open (options: Partial<ParkingOptions> = {}): Promise<Lot> {
    const lot = new Lot(options)
    await lot.restart()
    return lot
  }

  async restart (disk = this.disk.afterKill()): Promise<void> {
    this.disk = disk
    await disk.makeFolder('/home')
    this.parking = await Parking.open(disk, path, this.#options)
  }

  park (envelope: JournalEnvelope, why: 'trust' | 'before' = 'trust'): Promise<boolean> {
    return this.parking.park({ kind: 'envelope', envelope }, envelope.bytes, why)
  }

  seqs (identity: Identity): number[] {
    return this.parking.of(feedOf(identity)).map(({ seq }) => seq)
  }
}

describe('Parking', () => {
  it('gives back items of a feed in order as they came in, also after a restart, and keeps them', async () => {
    const lot = await Lot.open()
    const parked = [entry(alice, 3), entry(alice, 1), entry(alice, 2), entry(bob, 1)]
    for (const envelope of parked) expect(await lot.park(envelope)).to.equal(true)
    const expected = [parked[1], parked[2], parked[0]].map((envelope) => ({ kind: 'envelope', envelope }))
    for (let life = 0; life < 2; life++) {
      expect(lot.parking.of(feedOf(alice)).map(({ arrival }) => arrival)).to.deep.equal(expected)
      await lot.restart()
    }
  })

  it('keeps snapshots beside the envelopes that prove them, and removes both by one id', async () => {
    const lot = await Lot.open()
    const proof = entry(alice, 4)
    const { item, bytes } = snapshotOf(proof)
    await lot.parking.park(item, bytes, 'before')
    await lot.park(proof, 'before')
    await lot.restart()
    expect(lot.parking.of(feedOf(alice)).map(({ arrival }) => arrival)).to.have.deep.members([item, { kind: 'envelope', envelope: proof }])
    await lot.parking.remove([proof.id])
    await lot.restart()
    expect(lot.parking.summary).to.deep.equal([])
  })

  it('keeps an item once, for the reason that came last', async () => {
    const lot = await Lot.open()
    const envelope = entry(alice, 1)
    expect([await lot.park(envelope), await lot.park(envelope), await lot.park(envelope, 'before')]).to.deep.equal([true, true, true])
    await lot.restart()
    expect(lot.parking.summary).to.deep.equal([{ origin: alice.did, part: 'log', why: 'before', items: 1, bytes: envelope.bytes.length }])
  })

  it('finds an envelope of a state by its change, until it is removed', async () => {
    const lot = await Lot.open()
    const envelope = change(alice, 1, 7)
    await lot.park(envelope)
    await lot.restart()
    expect(lot.parking.findHead(new Uint8Array(32).fill(7))).to.deep.equal(envelope)
    await lot.parking.remove([envelope.id])
    expect(lot.parking.findHead(new Uint8Array(32).fill(7))).to.equal(undefined)
  })

  it('forgets what was removed, also after a restart, and passes over ids that it has not', async () => {
    const lot = await Lot.open()
    const parked = [entry(alice, 1), entry(alice, 2)] as const
    for (const envelope of parked) await lot.park(envelope)
    await lot.parking.remove([parked[0].id, new Uint8Array(32)])
    expect(lot.seqs(alice)).to.deep.equal([2])
    await lot.restart()
    expect(lot.seqs(alice)).to.deep.equal([2])
  })

  it('tells what is parked by origin, part and reason', async () => {
    const lot = await Lot.open()
    const parked = [entry(alice, 1), entry(alice, 2), change(alice, 1, 1)] as const
    await lot.park(parked[0], 'trust')
    await lot.park(parked[1], 'trust')
    await lot.park(parked[2], 'before')
    expect(lot.parking.summary).to.deep.equal([
      { origin: alice.did, part: 'log', why: 'trust', items: 2, bytes: parked[0].bytes.length + parked[1].bytes.length },
      { origin: alice.did, part: 'state', why: 'before', items: 1, bytes: parked[2].bytes.length }
    ])
  })

  it('makes way for an earlier item of a feed with the last ones, and has no room for a later one', async () => {
    const lot = await Lot.open({ maxItems: 12, maxBytesPerOrigin: 4 << 20 })
    for (const seq of [5, 6, 7]) await lot.park(entry(alice, seq))
    expect([await lot.park(entry(alice, 8)), lot.seqs(alice)]).to.deep.equal([false, [5, 6, 7]])
    expect([await lot.park(entry(alice, 2)), lot.seqs(alice)]).to.deep.equal([true, [2, 5, 6]])
    await lot.restart()
    expect(lot.seqs(alice)).to.deep.equal([2, 5, 6])
  })

  it('makes way by bytes, and with as many as it takes', async () => {
    const { length } = entry(alice, 1).bytes
    const lot = await Lot.open({ maxBytes: 16 * length, maxBytesPerOrigin: 4 * length })
    for (const seq of [5, 6, 7, 8]) await lot.park(entry(alice, seq))
    const large = entry(alice, 2, new Uint8Array(100 + length))
    expect([await lot.park(large), lot.seqs(alice)]).to.deep.equal([true, [2, 5, 6].filter((seq) => seq !== 6 || large.bytes.length <= 2 * length)])
    expect(await lot.park(entry(alice, 1, new Uint8Array(4 * length)))).to.equal(false)
  })

  it('lets no origin push out another', async () => {
    const lot = await Lot.open({ maxItems: 8, maxBytesPerOrigin: 4 << 20 })
    const others = [createIdentity(), createIdentity(), createIdentity()]
    for (const identity of [alice, ...others]) for (const seq of [3, 4, 5]) await lot.park(entry(identity, seq))
    expect([alice, ...others].map((identity) => lot.seqs(identity))).to.deep.equal([[3, 4], [3, 4], [3, 4], [3, 4]])
    expect([await lot.park(entry(bob, 1)), lot.seqs(bob)]).to.deep.equal([false, []])
  })

  it('stays within its bounds, keeps exactly what it says it keeps, and drops only later items of the same feed', async () => {
    const pool = [alice, bob].flatMap((identity) => [1, 2, 3, 4, 5, 6].map((seq) => ({ identity, seq, envelope: entry(identity, seq, new Uint8Array(seq * 50)) })))
    const step = fc.record({ kind: fc.constantFrom('park', 'park', 'remove', 'restart'), pick: fc.nat(pool.length - 1) })
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const lot = await Lot.open({ maxItems: 8, maxBytes: 4_000, maxBytesPerOrigin: 2_000 })
      for (const { kind, pick } of steps) {
        const { identity, seq, envelope } = pool[pick] as typeof pool[number]
        const other = identity === alice ? bob : alice
        const before = [lot.seqs(identity), lot.seqs(other)] as const
        const kept = kind === 'park' && await lot.park(envelope)
        if (kind === 'remove') await lot.parking.remove([envelope.id])
        if (kind === 'restart') await lot.restart()
        const after = [lot.seqs(identity), lot.seqs(other)] as const
        const stay = before[0].filter((each) => kind === 'remove' ? each !== seq : !kept || each <= seq || after[0].includes(each))
        expect(after).to.deep.equal([kept ? [...new Set([...stay, seq])].sort() : stay, before[1]])
        for (const { items, bytes } of lot.parking.summary) expect(items <= 4 && bytes <= 2_000).to.equal(true)
      }
    }))
  })

  it('writes its file anew when most of it is in vain, and goes on', async () => {
    const lot = await Lot.open()
    const first = entry(bob, 1, new Uint8Array(20_000))
    await lot.park(first)
    await lot.park(entry(alice, 1))
    await lot.parking.remove([first.id])
    for (let round = 0; round < 20; round++) {
      const large = entry(bob, 2, new Uint8Array(20_000 + round))
      await lot.park(large)
      await lot.parking.remove([large.id])
      expect(lot.disk.contentOf(path).length < 100_000).to.equal(true)
    }
    await lot.park(entry(alice, 2))
    expect(lot.seqs(alice)).to.deep.equal([1, 2])
    await lot.restart()
    expect(lot.seqs(alice)).to.deep.equal([1, 2])
  })

  it('loses no item when the disk fails or the process dies while the file is written anew', async () => {
    const fill = async (lot: Lot) => {
      await lot.park(entry(alice, 1))
      for (const seq of [2, 3, 4]) await lot.park(entry(bob, seq, new Uint8Array(30_000)))
      await lot.parking.remove(lot.parking.of(feedOf(bob)).map(({ arrival }) => (arrival as { envelope: LogEnvelope }).envelope.id))
    }
    const probe = await Lot.open()
    const before = probe.disk.points
    await fill(probe)
    for (let point = 1; point <= probe.disk.points - before; point++) {
      for (const fault of ['failAt', 'crashAt'] as const) {
        const lot = await Lot.open()
        lot.disk[fault](lot.disk.points + point)
        await fill(lot).catch(() => {})
        const had = fault === 'failAt' ? lot.seqs(alice) : []
        await lot.restart()
        expect(lot.seqs(alice).length >= had.length, `${fault} ${point}`).to.equal(true)
        expect(await lot.park(entry(alice, 1))).to.equal(true)
      }
    }
  })

  it('says that nothing is kept when the disk fails, and keeps it when it works again', async () => {
    const lot = await Lot.open()
    lot.disk.failAt(lot.disk.points + 1, 'ENOSPC')
    expect([await lot.park(entry(alice, 1)), lot.parking.summary]).to.deep.equal([false, []])
    expect([await lot.park(entry(alice, 1)), lot.seqs(alice)]).to.deep.equal([true, [1]])
  })

  it('opens whatever bit of its file is wrong, with items as they came in or without them', async () => {
    const lot = await Lot.open()
    const parked = [entry(alice, 1), entry(alice, 2)] as const
    for (const envelope of parked) await lot.park(envelope)
    const { length } = lot.disk.contentOf(path)
    for (let byte = 0; byte < length; byte += 5) {
      const disk = lot.disk.afterKill()
      disk.flip(path, byte, byte % 8)
      const found = await Lot.open()
      await found.restart(disk)
      for (const { arrival } of found.parking.of(feedOf(alice))) expect(parked).to.deep.include((arrival as { envelope: LogEnvelope }).envelope)
      expect(await found.park(parked[0])).to.equal(true)
    }
  })

  it('forgets an item that went bad under it', async () => {
    const lot = await Lot.open()
    await lot.park(entry(alice, 1))
    await lot.park(entry(alice, 2))
    lot.disk.flip(path, 40, 1)
    expect([lot.seqs(alice), lot.parking.summary.map(({ items }) => items)]).to.deep.equal([[2], [1]])
  })
})
