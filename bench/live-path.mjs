// pnpm bench: how long an append takes to be visible on a connected peer, and how fast a burst gets there. Two processes
// over mutual TLS on loopback, fsync on both; beside it, in the same run, what no such path can do without: two
// fdatasyncs and one HTTPS round trip, one after the other.
import { fork } from 'node:child_process'
import { mkdtempSync, openSync, fdatasyncSync, rmSync, writeSync } from 'node:fs'
import { Agent, createServer, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIdentity } from '@akshi/core'
import { createCertificate } from '@akshi/plugin-http'

const rounds = Number(process.argv[2] ?? 5)
const perRound = 200
const burst = 2_000

const [writer, reader] = [startProcess(), startProcess()]
const [writerDid, readerDid] = [await writer('identify'), await reader('identify')]
const readerPort = await reader('start', [{ node_did: writerDid }])
await writer('start', [{ node_did: readerDid, endpoint: '127.0.0.1:1', dashboard_port: readerPort }])
await writer('linked')
const latency = []
const bare = []
const bursts = []
await measure(burst, 0)                                        // warms both up
for (let round = 0; round < rounds; round++) {
  latency.push(...await measure(perRound, 20))
  bare.push(...await measureFloor(perRound))
  bursts.push(Math.max(...await measure(burst, 0)))
}
await Promise.all([writer('stop'), reader('stop')])
const [p50, p99, floor] = [quantile(latency, 0.5), quantile(latency, 0.99), quantile(bare, 0.5)]
console.log(`append to visible on a peer, 50/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   (${latency.length} appends)`)
console.log(`two fdatasyncs and a round trip     p50 ${floor.toFixed(2)} ms   ratio ${(p50 / floor).toFixed(1)}`)
console.log(`burst of ${burst}, durable, at the peer    median ${quantile(bursts, 0.5).toFixed(0)} ms   (${(burst / quantile(bursts, 0.5) * 1000).toFixed(0)} entries/s)`)

async function measure (count, everyMs) {
  const [{ times }, seen] = await Promise.all([writer('append', { count, everyMs }), reader('watch', { count })])
  return seen.map((at, index) => everyMs === 0 ? at - times[0] : at - times[index])
}

async function measureFloor (count) {
  const folder = mkdtempSync(join(tmpdir(), 'akshi-floor-'))
  const files = ['a', 'b'].map((name) => openSync(join(folder, name), 'w'))
  const identity = createIdentity()
  const tls = { cert: createCertificate(identity).pem, key: identity.privateKey.export({ format: 'pem', type: 'pkcs8' }), rejectUnauthorized: false }
  const server = createServer({ ...tls, requestCert: true }, (incoming, response) => incoming.resume().on('end', () => response.end('ok')))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const agent = new Agent({ keepAlive: true })
  const times = []
  for (let i = 0; i < count; i++) {
    const started = performance.now()
    for (const file of files) {
      writeSync(file, Buffer.alloc(800))
      fdatasyncSync(file)
    }
    await new Promise((resolve, reject) => {
      const outgoing = request({ ...tls, agent, method: 'POST', port: server.address().port }, (response) => response.resume().on('end', resolve))
      outgoing.on('error', reject).end(Buffer.alloc(800))
    })
    times.push(performance.now() - started)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  agent.destroy()
  server.close()
  rmSync(folder, { recursive: true })
  return times
}

/** Calls a task in a process of its own. */
function startProcess () {
  const child = fork(new URL('node.mjs', import.meta.url))
  const waiting = new Map()
  child.on('message', ({ id, result }) => waiting.get(id)(result))
  let last = 0
  return (task, argument) => new Promise((resolve) => {
    waiting.set(++last, resolve)
    child.send({ id: last, task, argument })
  })
}

function quantile (values, q) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
}
