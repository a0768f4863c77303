import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { describe, it } from 'mocha'
import { configTable, createIdentity, silentLogger } from '@akshi/core'
import { transportCasesOf } from '@akshi/testkit'
import redis from '../src/index.js'
import { redisCheck } from '../src/redis-check.js'
import { RedisPlace } from '../src/redis-place.js'
import { server, skipped, subject, withClient } from './conformance.js'

describe('redis-transport keeps the promises of transports', function () {
  if (skipped !== undefined) return it(`is not tried: ${skipped}`)                  // a test without a function is pending
  for (const { name, run } of transportCasesOf(subject)) it(name, () => run(subject))
})

describe('RedisPlace', function () {
  if (skipped !== undefined) return it(`is not tried: ${skipped}`)

  /** A place that is open, and what was told of it. */
  const using = async (prefix, use) => {
    const place = new RedisPlace({ url: server.url, prefix, meshId: 'mesh', did: createIdentity().did, logger: silentLogger })
    const there = new Map()
    try {
      await place.open(() => {})
      await use(place, async () => {
        await place.look((key, bytes) => there.set(key, bytes.toString()), (key) => there.delete(key))
        return [...there.values()].sort()
      })
    } finally {
      await place.close()
    }
  }
  const turnOver = () => new Promise((resolve) => setImmediate(resolve))
  const parcels = (...words) => words.map((word) => ({ name: word, bytes: Buffer.from(word) }))

  it('notices what Redis has lost, also when others came since', () => using('lost', async (place, look) => {
    await place.put(parcels('one', 'two', 'three'))
    const before = await look()
    await withClient(async (client) => {
      for (const key of await client.keys('lost:*')) await client.del(key)
    })
    const without = await look()
    await place.put(parcels('two', 'four', 'five'))
    expect([before, without, await look()]).to.deep.equal([['one', 'three', 'two'], [], ['five', 'four', 'two']])
  }))

  it('reads no item twice, and all when there are more than a page', () => using('pages', async (place, look) => {
    const words = Array.from({ length: 100 }, (_, index) => `${index}`.padStart(3, '0'))
    await place.put(parcels(...words))
    let reads = 0
    await place.look(() => reads++, () => {})
    await place.look(() => reads++, () => {})
    expect([reads, (await look()).length]).to.deep.equal([100, 0])
  }))

  it('leaves no socket when it is closed while it connects', async () => {
    for (let turns = 0; turns < 20; turns++) {
      const place = new RedisPlace({ url: server.url, prefix: 'hasty', meshId: 'mesh', did: createIdentity().did, logger: silentLogger })
      await place.open(() => {})
      for (let turn = 0; turn < turns; turn++) await turnOver()
      await place.close()
    }
    while (process.getActiveResourcesInfo().includes('TCPSocketWrap')) await turnOver()
  })

  it('tells the doctor of settings that forget, each with the command that mends it', () => using('doctor', async (place) => {
    await withClient((client) => client.configSet({ appendfsync: 'everysec', 'maxmemory-policy': 'allkeys-lru' }))
    const bad = await redisCheck(place)
    for (const { fix } of bad) execFileSync('bash', ['-c', fix])
    expect([bad.map(({ level }) => level), (await redisCheck(place)).map(({ level }) => level)]).to.deep.equal([['warning', 'warning'], ['ok']])
  }))
})

describe('README.md', () => {
  it('has the table of the keys', async () => {
    expect(await readFile(new URL('../README.md', import.meta.url), 'utf8')).to.include(configTable(redis.config))
  })
})
