import { expect } from 'chai'
import type { LanInterface } from '../../packages/plugin-mdns/src/lan-interface.ts'
import type { MdnsPacket, MdnsRecord } from '../../packages/plugin-mdns/src/multicast.ts'
import { goodbye, probe, recordsOf, response } from '../../packages/plugin-mdns/src/records.ts'
import { FakeClock } from './fake-clock.ts'
import { announcementOf, group, lan, makeNode, newDid, only, serviceOf, whoIsThere } from './fixtures.ts'
import { MemoryLan } from './memory-lan.ts'

const rival = { address: '10.0.0.9', port: group }

/** A node called alpha at 10.0.0.1, which has just begun to look for its name. */
async function makeAlpha (...more: readonly LanInterface[]) {
  const clock = new FakeClock()
  const network = new MemoryLan(clock)
  const alpha = makeNode(network, clock, only(lan('10.0.0.1'), ...more))
  await alpha.start()
  await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }, ...more.map(({ address }) => ({ host: address, port: 3210 }))]))
  const say = (packet: MdnsPacket) => network.deliver(packet, rival)
  return { clock, network, alpha, say, renamed: `alpha (${alpha.did.slice(-8)})`, name: () => alpha.discovery.status().name, said: () => network.sent.filter(({ packet }) => packet.type === 'response') }
}

/** Another service called alpha, of something else. Of two that probe at once, the one with the later text wins. */
function otherAlpha (text = 'zzz') {
  return recordsOf(serviceOf('alpha', { host: 'other.local', addresses: ['10.0.0.9'] })).map((record): MdnsRecord => record.type === 'TXT' ? { ...record, data: [text] } : record)
}

describe('a node whose name another has', () => {
  it('takes the next one when somebody answers its probe, says so, and is announced under that alone', async () => {
    const { clock, alpha, say, name, renamed, said } = await makeAlpha()
    await clock.advance(200)
    say(response(otherAlpha()))
    await clock.advance(3_000)
    expect([name(), said().every(({ packet }) => JSON.stringify(packet).includes(renamed)), said().length]).to.deep.equal([renamed, true, 2])
    expect(alpha.warnings.filter((line) => line.includes(`"alpha": over mDNS this node is "${renamed}"`)).length).to.equal(1)
  })

  it('goes on to look for one until it has one', async () => {
    const { clock, alpha, say, name, renamed, said } = await makeAlpha()
    await clock.advance(200)
    say(response(otherAlpha()))
    await clock.advance(200)
    say(response(recordsOf(serviceOf(renamed, { addresses: ['10.0.0.9'] }))))
    await clock.advance(3_000)
    expect([name(), said().length]).to.deep.equal([`alpha (${alpha.did.slice(-8)}-3)`, 2])
  })

  it('waits five seconds before each try once it has had to try fifteen times', async () => {
    const { clock, network, alpha, say } = await makeAlpha()
    for (let i = 0; i < 20; i++) {
      await clock.advance(300)
      say(response(recordsOf(serviceOf(alpha.discovery.status().name ?? '', { addresses: ['10.0.0.9'] }))))
    }
    network.sent.length = 0
    await clock.advance(4_600)
    expect(network.sent.filter(({ packet }) => packet.authorities.length > 0)).to.deep.equal([])
    await clock.advance(400)
    expect(network.sent.filter(({ packet }) => packet.authorities.length > 0).length).to.equal(1)
  })

  it('yields to one that probes at the same time with later records, and asks again a second later', async () => {
    const { clock, network, say, name, renamed } = await makeAlpha()
    await clock.advance(200)
    say(probe(otherAlpha()))
    network.sent.length = 0
    await clock.advance(900)
    expect(network.sent.filter(({ packet }) => packet.authorities.length > 0)).to.deep.equal([])
    say(response(otherAlpha()))
    await clock.advance(3_000)
    expect(name()).to.equal(renamed)
  })

  it('keeps its name against one with earlier records, and when that goes away', async () => {
    const earlier = await makeAlpha()
    await earlier.clock.advance(200)
    earlier.say(probe(otherAlpha('aaa')))
    await earlier.clock.advance(800)
    expect([earlier.name(), earlier.said().length]).to.deep.equal(['alpha', 1])
    const gone = await makeAlpha()
    await gone.clock.advance(200)
    gone.say(probe(otherAlpha()))
    await gone.clock.advance(4_000)
    expect([gone.name(), gone.said().length]).to.deep.equal(['alpha', 2])
  })

  it('defends a name that it has', async () => {
    const { clock, network, say, name } = await makeAlpha()
    await clock.advance(10_000)
    network.sent.length = 0
    say(probe(otherAlpha()))
    const [defence] = network.sent
    expect([defence?.atMs, defence?.packet.answers.some(({ type }) => type === 'SRV')]).to.deep.equal([10_000, true])
    await clock.advance(3_000)
    expect(name()).to.equal('alpha')
  })

  it('asks again for a name that another announces too, and leaves it to one that does not yield', async () => {
    const { clock, say, name, renamed, network } = await makeAlpha()
    await clock.advance(10_000)
    say(response(otherAlpha()))
    await clock.advance(900)
    expect(name()).to.equal('alpha')
    say(response(otherAlpha()))
    await clock.advance(10_000)
    say(response(otherAlpha()))
    await clock.advance(200)
    network.sent.length = 0
    say(response(otherAlpha()))
    await clock.advance(3_000)
    expect(name()).to.equal(renamed)
  })

  it('does not mind one that gives the name up', async () => {
    const { clock, say, name, said } = await makeAlpha()
    await clock.advance(200)
    say(goodbye(otherAlpha()))
    await clock.advance(800)
    expect([name(), said().length]).to.deep.equal(['alpha', 1])
  })

  it('does not mind what itself has said in a former life', async () => {
    const { clock, alpha, say, name } = await makeAlpha()
    await clock.advance(200)
    say(response(recordsOf(serviceOf('alpha', { did: alpha.did, seq: 0 })).filter(({ type }) => type === 'TXT')))
    await clock.advance(3_000)
    expect(name()).to.equal('alpha')
  })

  it('is silent while it asks again for a name that another announces too', async () => {
    const { clock, network, say } = await makeAlpha()
    await clock.advance(10_000)
    say(response(otherAlpha()))
    network.sent.length = 0
    say(whoIsThere)
    await clock.advance(600)
    expect(network.sent.map(({ packet }) => packet.authorities.length > 0)).to.deep.equal([true, true])
  })

  for (const waitMs of [0, 300]) {
    it(`leaves nothing when it is stopped ${waitMs} ms after it had to take another`, async () => {
      const { clock, network, alpha, say } = await makeAlpha()
      await clock.advance(10_000)
      say(response(otherAlpha()))
      await clock.advance(300)
      say(response(otherAlpha()))
      if (waitMs > 0) await clock.advance(waitMs)
      await alpha.discovery.stop()
      await clock.advance(10_000)
      expect([clock.pending, network.sockets]).to.deep.equal([0, 0])
    })
  }

  it('takes nothing back that it had not announced', async () => {
    const { clock, say, said } = await makeAlpha()
    await clock.advance(200)
    say(response(otherAlpha()))
    await clock.advance(3_000)
    expect(said().filter(({ packet }) => packet.answers.some(({ ttl }) => ttl === 0))).to.deep.equal([])
  })

  it('is not at odds with itself on two interfaces of one network', async () => {
    const { clock, network, alpha, name } = await makeAlpha(lan('10.0.0.2', 'eth1'))
    await clock.advance(60_000)
    expect([name(), alpha.warnings, network.sent.filter(({ packet }) => packet.authorities.length > 0).length]).to.deep.equal(['alpha', [], 6])
  })

  it('renames itself once when both interfaces hear of it', async () => {
    const { clock, name, say, renamed } = await makeAlpha(lan('10.0.0.2', 'eth1'))
    await clock.advance(200)
    say(response(otherAlpha()))
    await clock.advance(10_000)
    expect(name()).to.equal(renamed)
  })

  it('lives beside others of its name: each finds one, and all find each other', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const nodes = Array.from({ length: 5 }, (_, i) => makeNode(network, clock, only(lan(`10.0.0.${i + 1}`))))
    for (const [index, node] of nodes.entries()) {
      await node.start()
      await node.discovery.announce(announcementOf('alpha', node.did, [{ host: `10.0.0.${index + 1}`, port: 3210 }]))
    }
    await clock.advance(15_000)
    const names = nodes.map(({ discovery }) => discovery.status().name)
    expect([new Set(names).size, names.filter((each) => each === 'alpha').length]).to.deep.equal([5, 1])
    expect(nodes.map(({ discovery }) => discovery.status().interfaces[0]?.services?.map(({ name }) => name).sort())).to.deep.equal(
      names.map((own) => names.filter((each) => each !== own).sort()))
  })
})

describe('a node whose interfaces change', () => {
  const eth0 = lan('10.0.0.1')
  const moved = lan('10.0.0.7')
  const wlan0 = lan('192.168.7.1', 'wlan0')

  async function makeMover () {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    let now = [eth0]
    const did = newDid()
    const node = makeNode(network, clock, () => only(...now), { did })
    const announce = (...hosts: readonly string[]) => node.discovery.announce(announcementOf('alpha', did, hosts.map((host) => ({ host, port: 3210 }))))
    await node.start()
    await announce('10.0.0.1')
    await clock.advance(10_000)
    network.sent.length = 0
    return { clock, network, node, announce, move: (...next: readonly LanInterface[]) => { now = [...next] } }
  }

  const announcedFrom = (network: MemoryLan) => network.sent.filter(({ packet }) => packet.type === 'response' && packet.answers[0]?.ttl !== 0)
    .map(({ from, packet }) => `${from}: ${packet.answers.filter(({ type }) => type === 'A').map(({ data }) => String(data)).join()}`)

  it('is announced on one that comes, within two seconds, and nowhere else again', async () => {
    const { clock, network, announce, move } = await makeMover()
    move(eth0, wlan0)
    await announce('10.0.0.1', '192.168.7.1')
    await clock.advance(2_000)
    expect(new Set(announcedFrom(network))).to.deep.equal(new Set(['192.168.7.1: 192.168.7.1']))
  })

  it('notices by itself, and asks there', async () => {
    const { clock, network, node, move } = await makeMover()
    move(eth0, wlan0)
    await clock.advance(1_500)
    expect(node.warnings).to.deep.equal([])
    expect(network.sent.filter(({ from }) => from === '192.168.7.1').map(({ packet: { type } }) => type)).to.deep.equal(['query'])
  })

  it('takes its former address back when it has another, and announces that', async () => {
    const { clock, network, node, announce, move } = await makeMover()
    move(moved)
    await announce('10.0.0.7')
    const service = serviceOf('alpha', { did: node.did, host: `alpha-${node.did.slice(-8)}.local`, addresses: ['10.0.0.1'], capabilities: ['journal'] })
    expect(network.sent.find(({ from }) => from === '10.0.0.7')?.packet).to.deep.equal(goodbye(recordsOf(service)))
    await clock.advance(3_000)
    expect([announcedFrom(network), network.sockets, node.warnings]).to.deep.equal([['10.0.0.7: 10.0.0.7', '10.0.0.7: 10.0.0.7'], 1, []])
  })

  it('closes one that goes, runs on without any, and starts anew when one is back', async () => {
    const { clock, network, node, move } = await makeMover()
    move()
    await clock.advance(2_000)
    expect([network.sockets, node.warnings.length]).to.deep.equal([0, 1])
    network.sent.length = 0
    move(eth0)
    await clock.advance(3_000)
    expect(new Set(announcedFrom(network))).to.deep.equal(new Set(['10.0.0.1: 10.0.0.1']))
  })
})
