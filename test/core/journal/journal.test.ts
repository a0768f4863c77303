import { expect } from 'chai'
import fc from 'fast-check'
import type { Journal } from '../../../packages/core/src/journal/journal.ts'
import { failNextSync } from '../../support/failing-disk.ts'
import { codeOf } from '../../support/failures.ts'
import { envelopesOf, makeOwner, makeOwners, type Owner } from './journal-fixture.ts'

const bodies = (journal: Journal, options?: Parameters<Journal['read']>[0]) => journal.read(options).entries.map(({ body }) => body)
const headsOf = (journal: Journal) => journal.feeds.map(({ state }) => state)

async function journalsOf (owners: readonly Owner[]): Promise<Journal[]> {
  return await Promise.all(owners.map(async (owner) => (await owner.open()).get('notes')))
}

/** Three owners who append at the same time, at times of their own. */
async function appendConcurrently (owners: readonly Owner[], journals: readonly Journal[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await Promise.all(journals.map((journal, index) => journal.append([{ body: `${index}/${round}` }, { kind: 'odd', body: `${index}/${round}+` }])))
    for (const [index, { clock }] of owners.entries()) clock.setNow(clock.now() + (round * 7 + index * 13) % 5)
  }
}

describe('Journal', () => {
  it('reads the same and has the same heads on every node, whatever the order in which envelopes arrive', async () => {
    await using owners = await makeOwners(3)
    const journals = await journalsOf(owners)
    await appendConcurrently(owners, journals, 6)
    const sent = journals.flatMap((journal) => envelopesOf(journal.feeds[0] as never))
    await exchange(journals)
    await fc.assert(fc.asyncProperty(fc.shuffledSubarray(sent, { minLength: sent.length }), async (shuffled) => {
      await using receiver = await makeOwner()
      const journal = (await receiver.open()).get('notes')
      let waiting = shuffled
      while (waiting.length > 0) {
        const verdicts = await Promise.all(waiting.map(async (envelope) => (await journal.accept(envelope.origin, [envelope]))[0]?.status))
        waiting = waiting.filter((_, index) => verdicts[index] === 'gap')
      }
      expect(headsOf(journal)).to.deep.equal(headsOf(journals[0] as Journal))
      expect(journal.read()).to.deep.equal(journals[0]?.read())
    }), { numRuns: 10 })
    for (const journal of journals) expect([headsOf(journal), journal.read(), new Set(bodies(journal)).size]).to.deep.equal([headsOf(journals[0] as Journal), journals[0]?.read(), 36])
  })

  it('orders an entry after those that its writer had seen, though its clock is behind', async () => {
    await using owners = await makeOwners(2)
    const journals = await journalsOf(owners)
    owners[0]?.clock.setNow(Date.UTC(2025, 0, 1) + 30_000)
    await journals[0]?.append([{ body: 'question' }])
    await exchange(journals)
    await journals[1]?.append([{ body: 'answer' }])
    await exchange(journals)
    expect(journals.map((journal) => bodies(journal))).to.deep.equal([['question', 'answer'], ['question', 'answer']])
  })

  it('acknowledges entries in order with their ids and the envelope that carries them', async () => {
    await using owner = await makeOwner()
    const journal = (await owner.open()).get('notes')
    const one = await journal.append([{ body: 1 }, { body: 2 }])
    const two = await journal.append([{ body: 3 }])
    expect([one.seq, two.seq, one.durability]).to.deep.equal([1, 2, 'fsync'])
    expect(journal.read().entries.map(({ id, body, origin }) => [id, body, origin])).to.deep.equal([...one.ids, ...two.ids].map((id, index) => [id, index + 1, owner.identity.did]))
    expect(await journal.append([])).to.deep.equal({ ids: [], seq: 2, durability: 'fsync' })
  })

  it('writes appends that wait together as one envelope', async () => {
    await using owner = await makeOwner()
    const journal = (await owner.open()).get('notes')
    await journal.append([{ body: 'first' }])
    const acknowledged = await Promise.all(Array.from({ length: 20 }, (_, body) => journal.append([{ body }])))
    expect(acknowledged.map(({ seq }) => seq)).to.deep.equal([2, ...new Array<number>(19).fill(3)])
    expect(bodies(journal)).to.deep.equal(['first', ...Array.from({ length: 20 }, (_, body) => body)])
  })

  it('writes a long append whole and in order, in envelopes that each stay within the limits', async () => {
    await using owner = await makeOwner()
    const journal = (await owner.open()).get('notes')
    const texts = Array.from({ length: 2_500 }, (_, body) => body)
    const large = Array.from({ length: 5 }, (_, index) => `${index}`.repeat(250_000))
    const run = journal.append([...texts, ...large].map((body) => ({ body })))
    while (await Promise.race([run, Promise.resolve('waits')]) === 'waits') await owner.clock.advance(10)
    expect((await run).ids.length).to.equal(2_505)
    expect(bodies(journal)).to.deep.equal([...texts, ...large])
    expect(envelopesOf(journal.feeds[0] as never).every(({ bytes }) => bytes.length < 700_000)).to.equal(true)
  })

  it('writes nothing when one of the entries is none, or when the disk refuses, and goes on', async () => {
    await using owner = await makeOwner()
    const journal = (await owner.open()).get('notes')
    expect(await codeOf(() => journal.append([{ body: 1 }, { body: undefined }]))).to.equal('MESH_ENTRY_INVALID')
    expect(await codeOf(() => journal.append([{ body: 1 }, { body: 'x'.repeat(300_000) }]))).to.equal('MESH_ENTRY_TOO_LARGE')
    await failNextSync()
    expect([await codeOf(() => journal.append([{ body: 1 }])), bodies(journal)]).to.deep.equal(['MESH_DISK_FAILED', []])
    expect([(await journal.append([{ body: 2 }])).seq, bodies(journal)]).to.deep.equal([1, [2]])
  })
})

describe('Journal.read', () => {
  it('pages with since and limit through every entry once, in the agreed order, whatever the page', async () => {
    await using owners = await makeOwners(3)
    const journals = await journalsOf(owners)
    await appendConcurrently(owners, journals, 5)
    await exchange(journals)
    const journal = journals[0] as Journal
    for (const kind of [undefined, 'odd', 'none']) {
      for (const limit of [1, 2, 7, 30, 31]) {
        const paged: unknown[] = []
        let since: string | undefined
        for (;;) {
          const page = journal.read({ limit, ...(since === undefined ? {} : { since }), ...(kind === undefined ? {} : { kind }) })
          if (page.entries.length === 0) break
          paged.push(...page.entries)
          since = page.cursor
        }
        expect(paged, `${kind} by ${limit}`).to.deep.equal(journal.read(kind === undefined ? {} : { kind }).entries)
      }
    }
  })

  it('passes over entries of other kinds, and covers them with its cursor', async () => {
    await using owner = await makeOwner()
    const journal = (await owner.open()).get('notes')
    await journal.append([{ kind: 'a', body: 1 }, { kind: 'b', body: 2 }, { kind: 'b', body: 3 }])
    expect(bodies(journal, { since: journal.read({ kind: 'a' }).cursor })).to.deep.equal([])
    expect(bodies(journal, { since: journal.read({ kind: 'a', limit: 1 }).cursor })).to.deep.equal([2, 3])
  })

  it('finds with a cursor what arrives late, though it sorts before what was read', async () => {
    await using owners = await makeOwners(2)
    const [one, two] = await journalsOf(owners) as [Journal, Journal]
    await two.append([{ body: 'early' }])
    owners[0]?.clock.setNow(Date.UTC(2025, 0, 2))
    await one.append([{ body: 'late' }])
    const { cursor } = one.read()
    await exchange([one, two])
    expect([bodies(one), bodies(one, { since: cursor }), bodies(one, { since: one.read().cursor })]).to.deep.equal([['early', 'late'], ['early'], []])
  })

  it('reads backwards from the newest, of one kind, with a cursor that covers everything', async () => {
    await using owner = await makeOwner()
    const journal = (await owner.open()).get('notes')
    await journal.append(Array.from({ length: 600 }, (_, body) => ({ kind: body % 2 === 0 ? 'even' : 'odd', body })))
    expect(bodies(journal, { reverse: true })).to.deep.equal(Array.from({ length: 600 }, (_, body) => 599 - body))
    expect(bodies(journal, { reverse: true, limit: 2, kind: 'even' })).to.deep.equal([598, 596])
    const { cursor } = journal.read({ reverse: true, limit: 1 })
    await journal.append([{ body: 'new' }])
    expect([bodies(journal, { since: cursor }), bodies(journal, { since: cursor, reverse: true }), bodies(journal, { limit: 0 })]).to.deep.equal([['new'], ['new'], []])
  })

  it('refuses a cursor that is none', async () => {
    await using owner = await makeOwner()
    const journal = (await owner.open()).get('notes')
    for (const since of ['', '!', 'AAAA', Buffer.from([0xa1, 0x61, 0x61, 0x20]).toString('base64url'), Buffer.from([0xa1, 0x01, 0x01]).toString('base64url')]) {
      expect(await codeOf(() => journal.read({ since })), since).to.equal('MESH_REQUEST_INVALID')
    }
  })
})

/** Gives everybody's envelopes to everybody. */
async function exchange (journals: readonly Journal[]): Promise<void> {
  for (const from of journals) {
    for (const feed of from.feeds) {
      for (const to of journals) await to.accept(feed.id.origin, envelopesOf(feed))
    }
  }
}
