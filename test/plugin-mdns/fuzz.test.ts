import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { goodbye, probe, question, recordsOf, response, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { FakeClock } from './fake-clock.ts'
import { announcementOf, group, lan, makeNode, only, serviceOf, whoIsThere } from './fixtures.ts'
import { MemoryLan } from './memory-lan.ts'
import { fromWire, toWire } from './wire.ts'

const soaks = process.env['SOAK'] === '1'
const packets = soaks ? 1_000_000 : 20_000
const seed = Number(process.env['SEED'] ?? 1)
const megabyte = 1_048_576

/** A small generator (mulberry32), so that a seed repeats a run. */
function generator (state: number): (below: number) => number {
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function mutate (original: Buffer, any: (below: number) => number): Buffer {
  const bytes = Buffer.from(original)
  for (let times = 1 + any(4); times > 0; times--) {
    const at = any(bytes.length)
    const kind = any(5)
    if (kind === 0) bytes[at] = any(256)
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << any(8))
    else if (kind === 2) bytes[at] = [0, 0x3f, 0xc0, 0xff][any(4)] ?? 0
    else if (kind === 3) bytes.copy(bytes, at, any(bytes.length))
    else return bytes.subarray(0, at)
  }
  return bytes
}

describe('a node that hears mutated packets', function () {
  this.timeout(soaks ? 1_800_000 : 20_000)

  it(`neither breaks nor grows, and finds others afterwards (${packets} packets, seed ${seed})`, async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const node = makeNode(network, clock, only(lan('10.0.0.1', 'eth0', 'fe80::1')))
    await node.start()
    await node.discovery.announce(announcementOf('alpha', node.did, [{ host: '10.0.0.1', port: 3210 }]))
    await clock.advance(5_000)
    const records = recordsOf(serviceOf('beta', { addresses: ['10.0.0.2', 'fe80::2'], capabilities: ['journal'] }))
    const originals = [response(records), goodbye(records), probe(records), question([{ name: serviceType, type: 'ANY' }], records), { ...whoIsThere, truncated: true }].map(toWire)
    const any = generator(seed)
    let decoded = 0
    let before = 0
    for (let i = 0; i < packets; i++) {
      if (i === packets / 10) before = heap()
      const packet = read(mutate(originals[any(originals.length)] ?? Buffer.alloc(0), any))
      if (packet === undefined) continue
      decoded++
      network.deliver(packet, { address: '10.0.0.9', port: any(4) === 0 ? 40_000 : group })
      if (i % 1_000 === 0) {
        await clock.advance(1_000)
        network.sent.length = 0
      }
    }
    expect(decoded).to.be.greaterThan(packets / 10)
    expect(heap() - before).to.be.lessThan(4 * megabyte)
    await clock.advance(10_000)
    const late = serviceOf('gamma')
    network.deliver(response(recordsOf(late)), { address: '10.0.0.2', port: group })
    expect(node.heard.at(-1)?.did).to.equal(late.did)
    await node.discovery.stop()
    expect(clock.pending).to.equal(0)
  })
})

/** What the decoder throws is caught where the socket is. */
function read (bytes: Buffer): ReturnType<typeof fromWire> {
  try {
    return fromWire(bytes)
  } catch {}
}

/** Bytes that are in use once all garbage is gone. */
function heap (): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
