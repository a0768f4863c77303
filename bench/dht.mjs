// How look-ups in the DHT grow with its size: latency, requests and memory, all nodes in this process.
// Usage: node bench/dht.mjs [sizes...]
import { setTimeout } from 'node:timers/promises'
import { createIdentity, silentLogger, systemClock, systemRandom } from '../packages/core/dist/index.js'
import { signAnnouncement } from '../packages/core/dist/announce.js'
import '../packages/plugin-dht/dist/polyfill.js'
import { AddressPolicy } from '../packages/plugin-dht/dist/address-policy.js'
import { parseBootstrap } from '../packages/plugin-dht/dist/bootstrap-address.js'
import { DhtDiscovery } from '../packages/plugin-dht/dist/dht-discovery.js'

const sizes = process.argv.slice(2).map(Number)
const policy = new AddressPolicy({ privateToo: false, loopbackToo: true, ports: ['1024-65535'] })
const lookups = 100
const atOnce = 4

console.log('| Nodes | Look-up p50 | p95 | Requests a look-up, p50 | p95 | Requests / log2 N | Late joiner: first member | Connections a node | Heap a node | CPU a node to join |')
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |')
for (const size of sizes.length > 0 ? sizes : [10, 20, 50, 100]) await measure(size)
process.exit()

async function measure (size) {
  const heapBefore = heapNow()
  const cpuBefore = process.cpuUsage()
  const nodes = [await startNode(0)]
  for (let made = 1; made < size; made += atOnce) {
    const more = await Promise.all(Array.from({ length: Math.min(atOnce, size - made) }, (_, index) => startNode(made + index, nodes[0])))
    nodes.push(...more)
    await until(() => more.every(({ dht }) => dht.status().copies > 0))
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  await setTimeout(5_000)
  const heap = (heapNow() - heapBefore) / size
  const results = await lookUp(nodes)
  const firstMs = await joinLate(nodes)
  const connections = nodes.map(({ dht }) => dht.status().connections).reduce((sum, each) => sum + each) / size
  const requests = results.map((each) => each.requests)
  const times = results.map((each) => each.ms)
  const row = [
    size, `${at(times, 0.5)} ms`, `${at(times, 0.95)} ms`, at(requests, 0.5), at(requests, 0.95), (at(requests, 0.5) / Math.log2(size)).toFixed(1), `${firstMs} ms`,
    connections.toFixed(0), `${(heap / 2 ** 20).toFixed(1)} MiB`, `${((user + system) / size / 1e6).toFixed(2)} s`
  ]
  console.log(`| ${row.join(' | ')} |`)
  await Promise.all(nodes.map(({ dht }) => dht.stop()))
}

/** The first twenty are of one mesh, each other is one of its own: what is measured is the DHT, not greetings among members. */
async function startNode (index, through, heard = () => {}) {
  const identity = createIdentity()
  const meshId = index < 20 ? 'ours' : `mesh ${index}`
  const dht = new DhtDiscovery({
    identity,
    meshId,
    meshSecret: undefined,
    isOn: true,
    bootstrap: through === undefined ? [] : [parseBootstrap(`127.0.0.1:${through.dht.status().port}`)],
    listen: { host: '127.0.0.1', port: 0 },
    external: undefined,
    policy,
    maxConnections: 100,
    maxRecords: 4_096,
    maxInboundPerSec: 10_000,
    maxIntervalMs: 300_000,
    refreshMs: 600_000,
    farewellMs: 0,
    remembered: { read: async () => [], write: async () => {} },
    reduce: (signed) => signed,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger
  })
  await dht.start(heard, new AbortController().signal)
  const now = Date.now()
  const { did, sealingKey } = identity
  await dht.announce(signAnnouncement(identity, meshId, { did, seq: now, name: 'node', issuedAt: now, expiresAt: now + 3_600_000, addresses: [{ host: '127.0.0.1', port: 3_210 }], capabilities: ['journal'], agents: [], sealingKey, extra: {} }))
  return { did, dht }
}

async function lookUp (nodes) {
  const results = []
  for (let index = 0; index < lookups; index++) {
    const asker = nodes[(13 * index + 5) % nodes.length]
    const wanted = nodes[(29 * index + 6) % nodes.length]
    if (asker === wanted) continue
    const before = asker.dht.status().requests
    const beganAt = performance.now()
    const { source, reason } = await asker.dht.lookup(wanted.did)
    if (source === 'nobody' && reason !== 'its record is of another mesh') throw new Error(`${wanted.did} was not found: ${reason}`)
    results.push({ ms: Math.round(performance.now() - beganAt), requests: asker.dht.status().requests - before })
  }
  return results
}

async function joinLate (nodes) {
  const beganAt = performance.now()
  const { promise, resolve } = Promise.withResolvers()
  nodes.push(await startNode(0, nodes[0], () => resolve(Math.round(performance.now() - beganAt))))
  return await promise
}

async function until (holds) {
  while (!holds()) await setTimeout(20)
}

function heapNow () {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

function at (values, share) {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]
}
