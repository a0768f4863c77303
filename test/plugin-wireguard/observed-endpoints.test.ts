import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect } from 'chai'
import { until, VirtualClock } from '@akshi/testkit'
import { createTunnelKey } from '@akshi/plugin-wireguard'
import { ObservedEndpoints, type SeenPeer } from '../../packages/plugin-wireguard/src/observed-endpoints.ts'
import type { WgKey } from '../../packages/plugin-wireguard/src/tunnel-key.ts'
import { lineLogger } from '../support/line-logger.ts'

/** Addresses of this machine, in place of those in a tunnel. */
const [one, two, stranger] = ['::ffff:127.0.0.1', '::ffff:127.0.0.2', '::ffff:127.0.0.3'] as const
const [key, other] = [createTunnelKey().publicKey, createTunnelKey().publicKey]
const at = (port: number, host = '203.0.113.7') => ({ host, port })

/** A port that is free at all of these addresses. */
async function freePort (): Promise<number> {
  const socket = createSocket('udp4').bind(0)
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  return port
}

/** Two ends of a tunnel: what the first tells, the second hears, who wants a tunnel to `key`. */
async function twoEnds () {
  const clock = new VirtualClock()
  const { logger } = lineLogger()
  const port = await freePort()
  const news: string[] = []
  const probes: unknown[] = []
  const make = (name: string, peers: readonly string[]) => new ObservedEndpoints({
    clock, logger, isPeer: (address) => peers.includes(address), isWanted: (wanted: WgKey) => wanted === key, heard: () => news.push(name), probe: (...probe) => probes.push(probe)
  })
  const [teller, hearer] = [make('one', [two]), make('two', [one])]
  await Promise.all([teller.open(one, port), hearer.open(two, port)])
  const seen = (publicKey: WgKey, address: string, endpoint = at(1)): SeenPeer => ({ publicKey, address, endpoint, lastHandshakeMs: 1 })
  const send = async (from: string, text: string) => {
    const socket = createSocket('udp6').bind(0, from)
    await once(socket, 'listening')
    await new Promise((resolve) => socket.send(text, port, two, resolve))
    socket.close()
  }
  return { port, clock, teller, hearer, news, probes, seen, send, [Symbol.asyncDispose]: async () => { await Promise.all([teller.close(), hearer.close()]) } }
}

describe('ObservedEndpoints', () => {
  it('tell a peer where it is seen, and where the others are', async () => {
    await using ends = await twoEnds()
    const { teller, hearer, seen } = ends
    teller.tell([seen(other, two, at(1)), seen(key, 'fd00::9', at(2))], false)
    await until(() => hearer.of(key).length > 0)
    expect([hearer.of(key), hearer.self.map(({ by, at }) => [by, at])]).to.deep.equal([[at(2)], [[one, at(1)]]])
  })

  it('call what is told news once, and again when it is another place', async () => {
    await using ends = await twoEnds()
    const { clock, teller, hearer, news, seen } = ends
    const tell = async (port: number) => {
      teller.tell([seen(other, two), seen(key, 'fd00::9', at(port))], false)
      await until(() => hearer.of(key)[0]?.port === port)
    }
    await tell(2)
    await clock.advance(200)
    teller.tell([seen(other, two), seen(key, 'fd00::9', at(2))], false)
    await tell(3)
    expect(news).to.deep.equal(['two', 'two'])
  })

  it('repeat news at each step for 3 s, then every 5 s', async () => {
    await using ends = await twoEnds()
    const { clock, teller, hearer, seen, send, port } = ends
    await hearer.close()
    const heard: string[] = []
    const socket = createSocket('udp6').on('message', (bytes) => heard.push(String(bytes))).bind(port, two)
    await once(socket, 'listening')
    for (let step = 0; step < 60; step++) {
      teller.tell([seen(other, two)], false)
      await clock.advance(250)
    }
    await send(one, 'the last')
    await until(() => heard.includes('the last'))
    socket.close()
    expect(heard.length).to.equal(13 + 2 + 1)                     // from 0 to 3 s; at 8 and 13 s; the last
  })

  it('forget what nobody has told for 30 s', async () => {
    await using ends = await twoEnds()
    const { clock, teller, hearer, seen } = ends
    teller.tell([seen(other, two), seen(key, 'fd00::9')], false)
    await until(() => hearer.of(key).length > 0)
    await clock.advance(30_000)
    expect([hearer.of(key), hearer.self]).to.deep.equal([[], []])
  })

  it('hear nothing of strangers, nor of keys that are not wanted, and survive rubbish', async () => {
    await using ends = await twoEnds()
    const { teller, hearer, news, probes, seen, send } = ends
    const text = JSON.stringify({ peers: [[key, '203.0.113.7:9']], you: '203.0.113.7:9', probe: 7 })
    await send(stranger, text)
    for (const rubbish of ['', '{', 'null', '[]', JSON.stringify({ peers: 7, you: [] }), 'x'.repeat(20_000)]) await send(one, rubbish)
    teller.tell([seen(key, two), seen(other, 'fd00::9', at(2))], false)
    await until(() => hearer.self.length > 0)                     // it came last
    expect([hearer.of(key), hearer.of(other), news, probes]).to.deep.equal([[], [], ['two'], []])
  })

  it('ask a peer for a packet to another port where the kind of its NAT can be tried, until one has come', async () => {
    await using ends = await twoEnds()
    const { clock, teller, probes, seen } = ends
    const tellUntil = (condition: () => boolean) => until(() => {
      teller.tell([seen(other, two, at(1, '127.0.0.1'))], true)
      return condition()
    })
    await tellUntil(() => probes.length > 0)
    const [[by, port]] = probes as [[string, number]]
    const socket = createSocket('udp4')
    await new Promise((resolve) => socket.send(Buffer.concat([Buffer.from([1, 0, 0, 0]), Buffer.alloc(144)]), port, '127.0.0.1', resolve))
    socket.close()
    await tellUntil(() => clock.delays.length === 0)              // nobody is waited for any more
    expect(by).to.equal(one)
  })
})
