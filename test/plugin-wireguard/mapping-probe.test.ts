import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { MappingProbe } from '../../packages/plugin-wireguard/src/mapping-probe.ts'

const peer = 'fd00::1'
const endpoint = { host: '127.0.0.1', port: 7 }
const initiation = Buffer.concat([Buffer.from([1, 0, 0, 0]), Buffer.alloc(144, 9)])

/** A probe that waits at a port, and a way to hear of its next change. */
async function waiting () {
  const clock = new VirtualClock()
  let heard = () => {}
  const probe = new MappingProbe(clock, () => heard())
  const change = () => new Promise<void>((resolve) => { heard = resolve })
  const opened = change()
  const first = probe.ask(peer, endpoint)
  await opened
  return { clock, probe, change, first, port: probe.ask(peer, endpoint).probe ?? 0 }
}

/** Sends packets from one socket to a port of this machine. Resolves to where they come from. */
async function send (port: number, ...packets: Buffer[]): Promise<number> {
  const socket = createSocket('udp4')
  for (const packet of packets) await new Promise((resolve) => socket.send(packet, port, '127.0.0.1', resolve))
  const from = socket.address().port
  socket.close()
  await once(socket, 'close')
  return from
}

describe('MappingProbe', () => {
  it('waits at a port for one handshake initiation of a peer, and notes where it came from', async () => {
    const { probe, change, first, port } = await waiting()
    const seen = change()
    const from = await send(port, initiation)
    await seen
    expect([first, probe.ask(peer, endpoint)]).to.deep.equal([{}, { also: { host: '127.0.0.1', port: from } }])
    probe.close()
  })

  it('takes nothing else for one: another message, another length', async () => {
    const { probe, change, port } = await waiting()
    const seen = change()
    await send(port, Buffer.concat([Buffer.from([2]), initiation.subarray(1)]), initiation.subarray(1), Buffer.concat([initiation, Buffer.alloc(1)]), Buffer.alloc(0))
    const still = probe.ask(peer, endpoint)
    const from = await send(port, initiation)
    await seen
    expect([still, probe.ask(peer, endpoint)]).to.deep.equal([{ probe: port }, { also: { host: '127.0.0.1', port: from } }])
    probe.close()
  })

  it('takes none from another host than the peer\'s', async () => {
    const { probe, change } = await waiting()
    const elsewhere = { host: '192.0.2.1', port: 7 }
    const opened = change()
    probe.ask('fd00::2', elsewhere)
    await opened
    await send(probe.ask('fd00::2', elsewhere).probe ?? 0, initiation)
    const seen = change()
    await send(probe.ask(peer, endpoint).probe ?? 0, initiation)
    await seen                                         // it came later
    expect(Object.keys(probe.ask('fd00::2', elsewhere))).to.deep.equal(['probe'])
    probe.close()
  })

  it('gives up after 5 s, and waits anew once the peer is seen elsewhere', async () => {
    const { clock, probe, change } = await waiting()
    await clock.advance(5_000)
    const late = probe.ask(peer, endpoint)
    const opened = change()
    probe.ask(peer, { ...endpoint, port: 8 })
    await opened
    expect([late, Object.keys(probe.ask(peer, { ...endpoint, port: 8 }))]).to.deep.equal([{}, ['probe']])
    probe.close()
  })

  it('waits for eight at a time', async () => {
    const { clock, probe } = await waiting()
    for (let number = 0; number < 20; number++) probe.ask(`fd00::1:${number}`, endpoint)
    expect(clock.delays.length).to.equal(8)
    probe.keep(new Set(['fd00::1:0']))
    expect(clock.delays.length).to.equal(1)
    probe.close()
    expect(clock.delays.length).to.equal(0)
  })
})
