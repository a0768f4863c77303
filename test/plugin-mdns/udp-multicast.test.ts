import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { systemClock, systemRandom, type PeerCandidate } from '@akshi/core'
import { expect } from 'chai'
import { selectInterfaces } from '../../packages/plugin-mdns/src/lan-interface.ts'
import { MdnsDiscovery } from '../../packages/plugin-mdns/src/mdns-discovery.ts'
import type { MdnsPacket, MulticastSocket } from '../../packages/plugin-mdns/src/multicast.ts'
import { goodbye, recordsOf, response } from '../../packages/plugin-mdns/src/records.ts'
import { udpMulticast } from '../../packages/plugin-mdns/src/udp-multicast.ts'
import { announcementOf, newDid, recordWarnings, serviceOf } from './fixtures.ts'

const interfaces = () => selectInterfaces(['127.0.0.1'], networkInterfaces())

/** Values that arrive, and a way to wait for the first that fits. */
class Arrivals<Value> {
  readonly all: Value[] = []
  readonly #waiting = new Set<() => void>()

  readonly add = (value: Value): void => {
    this.all.push(value)
    for (const check of this.#waiting) check()
  }

  first (fits: (value: Value) => boolean): Promise<Value> {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.all.find(fits)
        if (found === undefined) return
        this.#waiting.delete(check)
        resolve(found)
      }
      this.#waiting.add(check)
      check()
    })
  }
}

async function bind (socket: Socket, port: number): Promise<Socket> {
  socket.bind(port, '0.0.0.0')
  await once(socket, 'listening')
  return socket
}

async function close (socket: Socket): Promise<void> {
  socket.close()
  await once(socket, 'close')
}

async function freePort (): Promise<number> {
  const socket = await bind(createSocket('udp4'), 0)
  const { port } = socket.address()
  await close(socket)
  return port
}

describe('MdnsDiscovery over UDP on loopback', () => {
  let port: number
  let closers: (() => Promise<unknown>)[]

  beforeEach(async () => {
    port = await freePort()
    closers = []
  })

  afterEach(async () => {
    for (const closer of closers) await closer()
  })

  /** A started node; with a name it advertises port 3210 of 127.0.0.1. */
  async function startNode (name?: string) {
    const did = newDid()
    const heard = new Arrivals<PeerCandidate>()
    const { logger, lines: warnings } = recordWarnings()
    const discovery = new MdnsDiscovery(udpMulticast(), {
      did, trusts: () => false, port, interfaces, listensOnLinkLocal: false, maxQueryIntervalMs: 30_000, clock: systemClock, random: systemRandom, logger
    })
    closers.push(() => discovery.stop())
    await discovery.start(heard.add, AbortSignal.timeout(5_000))
    if (name !== undefined) await discovery.announce(announcementOf(name, did, [{ host: '127.0.0.1', port: 3210 }]))
    return { did, heard, warnings, discovery }
  }

  /** A socket in the group that is no node. */
  async function join (): Promise<{ readonly socket: MulticastSocket, readonly packets: Arrivals<MdnsPacket> }> {
    const [on] = interfaces().selected
    if (on === undefined) throw new Error('no loopback')
    const packets = new Arrivals<MdnsPacket>()
    const socket = await udpMulticast().open(on, port, { packet: packets.add, problem: () => {} })
    closers.push(() => socket.close())
    return { socket, packets }
  }

  it('lets two nodes find each other', async () => {
    const alpha = await startNode('alpha')
    const beta = await startNode('beta')
    const found = await Promise.all([
      alpha.heard.first(({ did }) => did === beta.did), beta.heard.first(({ did }) => did === alpha.did)
    ])
    const addresses = [{ host: '127.0.0.1', port: 3210 }]
    expect(found).to.deep.equal([{ did: beta.did, addresses, onLink: true }, { did: alpha.did, addresses, onLink: true }])
    expect([...alpha.warnings, ...beta.warnings]).to.deep.equal([])
  })

  it('sends a goodbye for all its records, and frees the port', async () => {
    const { packets, socket } = await join()
    const alpha = await startNode('alpha')
    await packets.first(({ type }) => type === 'response')
    await alpha.discovery.stop()
    const last = await packets.first(({ answers }) => answers.some(({ ttl }) => ttl === 0))
    const host = `alpha-${alpha.did.slice(-8)}.local`
    expect(last).to.deep.equal(goodbye(recordsOf(serviceOf('alpha', { host, did: alpha.did, addresses: ['127.0.0.1'], capabilities: ['journal'] }))))
    await socket.close()
    await close(await bind(createSocket('udp4'), port))
  })

  it('goes on after garbage, and warns of it once', async () => {
    const alpha = await startNode('alpha')
    const noise = await bind(createSocket('udp4'), 0)
    closers.push(() => close(noise))
    noise.setMulticastInterface('127.0.0.1')
    const header = [0, 0, 0x84, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]
    const garbage = [[], [1, 2, 3], header, [...header, 0, 0], [...header, 0xc0, 12], [...header, 63, 97], [0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 9, 9, 9, 9], [...header, 0, 0, 16, 0, 1, 0, 0, 0, 9, 0, 4, 9]]
    for (const bytes of garbage) await new Promise((resolve) => noise.send(Uint8Array.from(bytes), port, '224.0.0.251', resolve))
    const beta = await startNode('beta')
    await alpha.heard.first(({ did }) => did === beta.did)
    expect(alpha.warnings.map((line) => /no DNS message/.test(line))).to.deep.equal([true])
  })

  it('ignores a service whose TXT record has no valid DID', async () => {
    const alpha = await startNode()
    const { socket } = await join()
    const honest = newDid()
    await socket.send(response(recordsOf(serviceOf('liar', { did: 'did:key:z6Mkliar', addresses: ['127.0.0.1'] }))))
    await socket.send(response(recordsOf(serviceOf('honest', { did: honest, addresses: ['127.0.0.1'], port: 2 }))))
    await alpha.heard.first(({ did }) => did === honest)
    expect(alpha.heard.all).to.deep.equal([{ did: honest, addresses: [{ host: '127.0.0.1', port: 2 }], onLink: true }])
    expect(alpha.warnings.length).to.equal(1)
  })

  it('lets the node run on when another program has the port for itself', async () => {
    const owner = await bind(createSocket('udp4'), port)
    closers.push(() => close(owner))
    const alpha = await startNode('alpha')
    expect(alpha.warnings.map((line) => /EADDRINUSE.*disallow-other-stacks=no/.test(line))).to.deep.equal([true])
  })
})
