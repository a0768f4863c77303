import { expect } from 'chai'
import type { Did } from '@akshi/core'
import type { NetworkMessage } from '@akshi/testkit'
import { Lab } from '../../testkit/support/lab.ts'
import { LoopFixture, makePair } from './loop-fixture.ts'

const entry = (body: unknown) => [{ body }]

/** Notes what goes over the network, from now on. */
function watch (lab: Lab): NetworkMessage[] {
  const messages: NetworkMessage[] = []
  lab.network.onMessage((message) => messages.push(message))
  return messages
}

/** Numbers of items that travelled one way, one number a message. */
function itemsOf (messages: readonly NetworkMessage[], kind: 'push' | 'pull'): number[] {
  return messages.filter((message) => message.kind === kind && message.isAnswer === (kind === 'pull')).map(({ items }) => items)
}

/** Two nodes that have met. */
async function meet (...options: ConstructorParameters<typeof Lab>): Promise<Lab> {
  const lab = new Lab(...options)
  await lab.start()
  expect(await lab.runUntil(() => lab.hasConverged)).to.equal(true)
  return lab
}

/** Lets the first node write so many envelopes that the second lacks, and the two meet again. */
async function fallBehind (lab: Lab, envelopes: number, entriesEach = 1): Promise<NetworkMessage[]> {
  const [one, two] = [lab.node(0), lab.node(1)]
  await two.stop()
  await lab.run(1_000)
  for (let turn = 0; turn < envelopes; turn++) await lab.until(one.control.append('notes', Array.from({ length: entriesEach }, (_, index) => ({ body: index }))))
  await lab.run(60_000)
  const messages = watch(lab)
  await two.start()
  expect(await lab.runUntil(() => lab.hasConverged)).to.equal(true)
  return messages
}

describe('A writer faster than the link', () => {
  it('makes batches grow: what is appended while a request is under way goes with the next, all of it', async () => {
    await using lab = await meet({ conditions: { delayMs: 500 } })
    const [one] = lab.nodes
    const messages = watch(lab)
    for (let body = 0; body <= 40; body++) {
      await lab.until(lab.node(0).control.append('notes', entry(body)))
      await lab.run(20)
    }
    expect(await lab.runUntil(() => lab.hasConverged)).to.equal(true)
    const pushes = itemsOf(messages.filter(({ from }) => from === one?.did), 'push')
    expect([pushes.length, pushes[0], pushes.reduce((sum, items) => sum + items)]).to.deep.equal([2, 1, 41])
  })
})

describe('A link to a peer that never answers', () => {
  it('holds one request of a bounded size, whatever is written meanwhile', async () => {
    await using pair = await makePair()
    await using fixture = new LoopFixture(pair.one, pair.two, { batchSize: 200 })
    const held = { requests: 0, most: 0, items: 0, bytes: 0, asked: 0 }
    fixture.link.push = async (batch, signal?: AbortSignal): Promise<never> => {
      held.asked++
      held.most = Math.max(held.most, ++held.requests)
      held.items = Math.max(held.items, batch.length)
      held.bytes = Math.max(held.bytes, batch.reduce((sum, { length }) => sum + length, 0))
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
      held.requests--
      throw new Error('given up')
    }
    const body = 'x'.repeat(100_000)
    for (let turn = 0; turn < 50; turn++) await pair.one.append(body)
    fixture.loop.start()
    for (let turn = 0; turn < 30; turn++) {
      await pair.one.append(body)
      fixture.loop.ring()
      await fixture.clock.advance(5_000)
    }
    expect(held.asked).to.be.greaterThan(1)
    expect([held.most, held.items > 30 && held.items <= 200, held.bytes <= 4 << 20]).to.deep.equal([1, true, true])
  })
})

describe('A writer faster than the disk', () => {
  it('waits: nothing is acknowledged before it is written, and what waits goes in groups of at most 1,024', async () => {
    await using lab = new Lab({ nodes: 1 })
    await lab.start()
    const { control } = lab.node(0)
    let done = 0
    const calls = Array.from({ length: 10_000 }, async (_, body) => { const { seq } = await control.append('notes', entry(body)); done++; return seq })
    const atOnce = done
    const seqs = await lab.until(Promise.all(calls))
    const bodies = (await control.read('notes', { limit: 10_000 })).entries.map(({ body }) => body)
    expect([atOnce, bodies.length, bodies.every((body, index) => body === index)]).to.deep.equal([0, 10_000, true])
    expect(Math.max(...seqs)).to.be.within(10, 14)
  })
})

describe('A node whose peer was gone for long', () => {
  for (const [story, isHeard] of [['comes back', true], ['is found again, though nothing that it asks comes through', false]] as const) {
    it(`dials it at once when that ${story}, however long it would have waited`, async () => {
      const silent: Did[] = []
      await using lab = await meet({ fateOf: ({ from, isAnswer }) => silent.includes(from) && !isAnswer ? [] : undefined })
      const [one, two] = [lab.node(0), lab.node(1)]
      await two.stop()
      await lab.run(300_000)
      const messages = watch(lab)
      await lab.run(60_000)
      expect(messages.length, 'it tries seldom by now').to.be.lessThan(20)
      if (!isHeard) silent.push(two.did)
      await two.start()
      expect(await lab.runUntil(() => one.control.peers()[0]?.link?.state === 'up', 200)).to.equal(true)
    })
  }
})

describe('A node that is behind', () => {
  it('gets exactly what it lacks, and nothing that it had', async () => {
    await using lab = await meet()
    await fallBehind(lab, 40)
    const messages = await fallBehind(lab, 100)
    expect(itemsOf(messages, 'pull')).to.deep.equal([100])
  })

  it('gets whole segments in place of envelopes when it lacks more than max_lag_before_full_sync, and only then', async () => {
    const itemsFor = async (maxLagBeforeFullSync: number) => {
      await using lab = await meet({ sync: { maxLagBeforeFullSync } })
      return itemsOf(await fallBehind(lab, 100), 'pull')
    }
    expect([await itemsFor(100), await itemsFor(99)]).to.deep.equal([[100], [1]])
  })
})

describe('A node that is told how to sync', () => {
  it('puts at most batch_size envelopes into a push', async () => {
    await using lab = await meet({ sync: { batchSize: 7 }, conditions: { delayMs: 500 } })
    const messages = watch(lab)
    for (let body = 0; body < 20; body++) await lab.until(lab.node(0).control.append('notes', entry(body)))
    await lab.runUntil(() => lab.hasConverged)
    expect(itemsOf(messages, 'push')).to.deep.equal([1, 7, 7, 5])
  })

  it('compares at least every interval_secs, and not many times in it', async () => {
    const gapsOf = async (intervalSecs: number) => {
      await using lab = await meet({ sync: { intervalSecs } })
      const messages = watch(lab)
      await lab.run(30_000)
      const times = messages.filter(({ kind, isAnswer, from }) => kind === 'digest' && !isAnswer && from === lab.node(0).did).map(({ at }) => at)
      return times.slice(1).map((at, index) => at - (times[index] ?? 0))
    }
    const gaps = await gapsOf(0.5)
    expect([gaps.length > 55, gaps.every((ms) => ms >= 150 && ms < 550), (await gapsOf(10)).every((ms) => ms >= 3_000)]).to.deep.equal([true, true, true])
  })
})
