import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { MdnsPacket } from '../../packages/plugin-mdns/src/multicast.ts'
import { fromWire, toWire } from '../plugin-mdns/wire.ts'
import type { Laboratory } from './live-node.ts'
import { until } from './until.ts'

const script = `const { createSocket } = require('dgram')
const [address, port] = [process.argv[1], 5353]
const hear = (way) => (bytes, { address }) => process.send({ way, from: address, bytes: bytes.toString('base64') })
const group = createSocket({ type: 'udp4', reuseAddr: true }).on('message', hear('group'))
const group6 = createSocket({ type: 'udp6', reuseAddr: true }).on('message', hear('group'))
const alone = createSocket('udp4').on('message', hear('alone'))
process.on('disconnect', () => process.exit())
process.on('message', ({ way, packets }) => { for (const each of packets) (way === 'alone' ? alone : group).send(Buffer.from(each, 'base64'), port, '224.0.0.251') })
group.bind(port, '0.0.0.0', () => {
  group.addMembership('224.0.0.251', address)
  group.setMulticastInterface(address)
  group6.bind(port, 'ff02::fb%eth0', () => {
    group6.addMembership('ff02::fb%eth0', '::%eth0')
    alone.bind(0, address, () => { alone.setMulticastInterface(address); process.send({ way: 'ready' }) })
  })
})`

/** A packet as it was heard. */
export interface HeardPacket {
  readonly from: string
  readonly bytes: Buffer
  readonly packet: MdnsPacket
  /** To the group, or to this one's own port. */
  readonly way: 'group' | 'alone'
}

/** Somebody on a host of a laboratory who hears all mDNS on its eth0, and says what a test wants. Dispose it. */
export class MdnsWitness implements Disposable {
  readonly heard: HeardPacket[] = []
  readonly #child: ChildProcess

  private constructor (child: ChildProcess) {
    this.#child = child
    child.on('message', ({ way, from, bytes }: { way: HeardPacket['way'] | 'ready', from: string, bytes: string }) => {
      const raw = way === 'ready' ? undefined : Buffer.from(bytes, 'base64')
      const packet = raw === undefined ? undefined : fromWire(raw)
      if (way !== 'ready' && raw !== undefined && packet !== undefined) this.heard.push({ way, from, bytes: raw, packet })
    })
  }

  /** Resolves when it hears. */
  static async start (lab: Laboratory, host: number, address = lab.address(host)): Promise<MdnsWitness> {
    const child = spawn('ip', lab.command(host, process.execPath, '-e', script, address), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const witness = new MdnsWitness(child)
    await once(child, 'message')
    return witness
  }

  /** Sends to the group: from the group's port, or from a port of its own, as a resolver that knows unicast DNS only would. */
  say (way: HeardPacket['way'], ...packets: readonly MdnsPacket[]): void {
    this.#child.send({ way, packets: packets.map((packet) => toWire(packet).toString('base64')) })
  }

  /** Resolves to the first packet after the `since`th that fits. Calls `meanwhile` many times a second. */
  async hears (fits: (heard: HeardPacket) => boolean, withinMs: number, what: string, since = 0, meanwhile = () => {}): Promise<HeardPacket> {
    let found: HeardPacket | undefined
    await until(async () => {
      meanwhile()
      found = this.heard.slice(since).find(fits)
      return found !== undefined
    }, withinMs, what)
    return found as HeardPacket
  }

  /** Asks as a plain resolver does, twice a second, until there is an answer with its number: some may get lost. Resolves to that. */
  asksUntilAnswered (question: MdnsPacket, withinMs: number): Promise<HeardPacket> {
    let askedAt = -Infinity
    return this.hears(({ way, packet: { id } }) => way === 'alone' && id === question.id, withinMs, `an answer to question ${question.id}`, 0, () => {
      if (performance.now() - askedAt < 500) return
      askedAt = performance.now()
      this.say('alone', question)
    })
  }

  [Symbol.dispose] (): void {
    this.#child.kill('SIGKILL')
  }
}
