import { expect } from 'chai'
import fc from 'fast-check'
import type { Journal } from '../../../packages/core/src/journal/journal.ts'
import { codeOf } from '../../support/failures.ts'
import { arrivalsOf, bodiesOf, exchange, Owner } from './journal-fixture.ts'

const statesOf = (journal: Journal) => journal.feeds.map(({ state }) => state).sort((a, b) => a.feed.origin < b.feed.origin ? -1 : 1)

/** Three owners who append at the same time, at times of their own. */
async function appendConcurrently (owners: readonly Owner[], journals: readonly Journal[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await Promise.all(journals.map((journal, index) => journal.append([{ body: `${index}/${round}` }, { kind: 'odd', body: `${index}/${round}+` }])))
    for (const [index, { clock }] of owners.entries()) clock.setNow(clock.now() + (round * 7 + index * 13) % 5)
  }
}

async function makeOwners (): Promise<{ owners: [Owner, Owner, Owner], journals: [Journal, Journal, Journal] }> {
  const owners: [Owner, Owner, Owner] = [new Owner(), new Owner(), new Owner()]
  return { owners, journals: [await owners[0].notes(), await owners[1].notes(), await owners[2].notes()] }
}

describe('Journal', () => {
  it('reads the same and has the same heads on every node, whatever the order in which items arrive', async () => {
    const { owners, journals } = await makeOwners()
    await appendConcurrently(owners, journals, 6)
    const sent = (await Promise.all(journals.map(arrivalsOf))).flat()
    await exchange(journals)
    const [one] = journals
    await fc.assert(fc.asyncProperty(fc.shuffledSubarray(sent, { minLength: sent.length }), async (shuffled) => {
      await using receiver = new Owner()
      const journal = await receiver.notes()
      await journal.accept(shuffled)
      expect([statesOf(journal), await journal.read(), journal.parking.summary]).to.deep.equal([statesOf(one), await one.read(), []])
    }), { numRuns: 10, seed: 3 })
    for (const journal of journals) expect([statesOf(journal), await journal.read(), journal.count]).to.deep.equal([statesOf(one), await one.read(), 36])
  })

  it('orders an entry after those that its writer had seen, though its clock is behind', async () => {
    const { owners: [owner], journals: [one, two] } = await makeOwners()
    owner.clock.setNow(Date.UTC(2025, 0, 1) + 30_000)
    await one.append([{ body: 'question' }])
    await exchange([one, two])
    await two.append([{ body: 'answer' }])
    await exchange([one, two])
    expect([await bodiesOf(one), await bodiesOf(two)]).to.deep.equal([['question', 'answer'], ['question', 'answer']])
  })

  it('acknowledges entries in order with their ids, the envelope that carries them, and how durable they are', async () => {
    await using owner = new Owner()
    const journal = await owner.notes()
    const one = await journal.append([{ body: 1 }, { body: 2 }])
    const two = await journal.append([{ body: 3 }])
    expect([one.seq, two.seq, one.durability]).to.deep.equal([1, 2, 'fsync'])
    expect((await journal.read()).entries.map(({ id, body, origin }) => [id, body, origin])).to.deep.equal([...one.ids, ...two.ids].map((id, index) => [id, index + 1, owner.identity.did]))
    expect(await journal.append([])).to.deep.equal({ ids: [], seq: 2, durability: 'fsync' })
  })

  it('writes appends that wait together as one envelope', async () => {
    await using owner = new Owner()
    const journal = await owner.notes()
    await journal.append([{ body: 'first' }])
    const acknowledged = await Promise.all(Array.from({ length: 20 }, (_, body) => journal.append([{ body }])))
    expect(acknowledged.map(({ seq }) => seq)).to.deep.equal([2, ...new Array<number>(19).fill(3)])
    expect(await bodiesOf(journal)).to.deep.equal(['first', ...Array.from({ length: 20 }, (_, body) => body)])
  })

  it('writes a long append whole and in order, in envelopes that each stay within the limits', async () => {
    await using owner = new Owner()
    const journal = await owner.notes()
    const bodies = [...Array.from({ length: 2_500 }, (_, body) => body), ...Array.from({ length: 5 }, (_, index) => `${index}`.repeat(250_000))]
    const { ids } = await journal.append(bodies.map((body) => ({ body })))
    const arrivals = await arrivalsOf(journal)
    expect([ids.length, await bodiesOf(journal)]).to.deep.equal([2_505, bodies])
    expect(arrivals.every((arrival) => arrival.kind === 'envelope' && arrival.envelope.bytes.length < 700_000)).to.equal(true)
  })

  it('is as long as need be: appends of any size go over the borders of segments', async () => {
    await using owner = new Owner()
    const journal = await owner.notes()
    const sizes = [1000, 1000, 1000, 1000, 90, 10, 1, 700]
    for (const size of sizes) await journal.append(Array.from({ length: size }, (_, body) => ({ body })))
    expect([journal.count, (await journal.read()).entries.length, journal.logs[0]?.tree.all.map(({ count }) => count)]).to.deep.equal([4801, 4801, [4090, 711]])
  })

  it('writes nothing when one of the entries is none, or when the disk refuses, and goes on', async () => {
    await using owner = new Owner()
    const journal = await owner.notes()
    expect(await codeOf(() => journal.append([{ body: 1 }, { body: undefined }]))).to.equal('MESH_ENTRY_INVALID')
    expect(await codeOf(() => journal.append([{ body: 1 }, { body: 'x'.repeat(300_000) }]))).to.equal('MESH_ENTRY_TOO_LARGE')
    owner.disk.failAt(owner.disk.points + 1, 'ENOSPC', 1000)
    expect([await codeOf(() => journal.append([{ body: 1 }])), await bodiesOf(journal)]).to.deep.equal(['MESH_DISK_FAILED', []])
    owner.disk.failAt(0)
    expect([(await journal.append([{ body: 2 }])).seq, await bodiesOf(journal)]).to.deep.equal([1, [2]])
  })

  it('parks what comes before its time, and takes it in when the rest comes', async () => {
    const { journals: [one, two] } = await makeOwners()
    for (const body of [1, 2, 3]) await one.append([{ body }])
    const [first, ...rest] = await arrivalsOf(one)
    expect((await two.accept(rest.toReversed())).map(({ status }) => status)).to.deep.equal(['gap', 'gap'])
    expect([await bodiesOf(two), two.parking.summary.map(({ items, why }) => [items, why])]).to.deep.equal([[], [[2, 'before']]])
    await two.accept(first === undefined ? [] : [first])
    expect([await bodiesOf(two), two.parking.summary]).to.deep.equal([[1, 2, 3], []])
  })

  it('reads from where a cursor of another node ends, and finds what arrives late', async () => {
    const { owners: [owner], journals: [one, two, three] } = await makeOwners()
    await two.append([{ body: 'early' }])
    owner.clock.setNow(Date.UTC(2025, 0, 2))
    await one.append([{ body: 'late' }])
    const { cursor } = await one.read()
    await exchange([one, two, three])
    const since = await three.read({ since: cursor })
    expect([await bodiesOf(three), since.entries.map(({ body }) => body), await bodiesOf(one, { since: since.cursor })]).to.deep.equal([['early', 'late'], ['early'], []])
  })

  it('pages through the logs of all origins in one order', async () => {
    const { owners, journals } = await makeOwners()
    await appendConcurrently(owners, journals, 5)
    await exchange(journals)
    for (const kind of [undefined, 'odd', 'none']) {
      const options = kind === undefined ? {} : { kind }
      for (const limit of [1, 2, 7, 30, 31]) {
        const paged: unknown[] = []
        for (let since: string | undefined, at = 0; ; at++) {
          const page = await (journals[at % 3] as Journal).read({ limit, ...options, ...since !== undefined && { since } })
          if (page.entries.length === 0) break
          paged.push(...page.entries)
          since = page.cursor
        }
        expect(paged, `${kind} by ${limit}`).to.deep.equal((await journals[0].read(options)).entries)
      }
    }
  })
})
