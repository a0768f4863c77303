import { expect } from 'chai'
import { goodbye, instanceLabel, pointTo, question, recordsOf, response, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { FakeClock } from './fake-clock.ts'
import { announcementOf, group, lan, makeNode, newDid } from './fixtures.ts'
import { MemoryLan } from './memory-lan.ts'

const alphaHome = lan('10.0.0.1')
const betaHome = lan('10.0.0.2')

/** The type of each packet that `from` sent: `?` asks, `!` answers, `x` says goodbye. */
function sentBy (network: MemoryLan, from: string): readonly (readonly [string, number])[] {
  return network.sent.filter((each) => each.from === from).map(({ packet, atMs }) =>
    [packet.type === 'query' ? '?' : packet.answers[0]?.ttl === 0 ? 'x' : '!', atMs] as const)
}

async function makePair () {
  const clock = new FakeClock()
  const network = new MemoryLan(clock)
  const alpha = makeNode(network, clock, [alphaHome])
  const beta = makeNode(network, clock, [betaHome])
  await alpha.start()
  await beta.start()
  await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }]))
  await beta.discovery.announce(announcementOf('beta', beta.did, [{ host: '10.0.0.2', port: 3211 }]))
  return { clock, network, alpha, beta }
}

async function makeAlone (addresses = [{ host: '10.0.0.1', port: 3210 }]) {
  const clock = new FakeClock()
  const network = new MemoryLan(clock)
  const alpha = makeNode(network, clock, [alphaHome])
  await alpha.start()
  await alpha.discovery.announce(announcementOf('alpha', alpha.did, addresses))
  const label = instanceLabel('alpha', alpha.did)
  const records = recordsOf({ label, did: alpha.did, address: '10.0.0.1', port: 3210 })
  return { clock, network, alpha, label, records }
}

describe('MdnsDiscovery', () => {
  it('finds the other node on the link and not itself', async () => {
    const { clock, alpha, beta } = await makePair()
    await clock.advance(1500)
    expect(alpha.heard[0]).to.deep.equal({ did: beta.did, addresses: [{ host: '10.0.0.2', port: 3211 }], onLink: true })
    expect(new Set(alpha.heard.map(({ did }) => did))).to.deep.equal(new Set([beta.did]))
    expect(new Set(beta.heard.map(({ did }) => did))).to.deep.equal(new Set([alpha.did]))
  })

  it('finds a node that announced itself long before', async () => {
    const { clock, network, alpha } = await makePair()
    await clock.advance(600_000)
    const late = makeNode(network, clock, [lan('10.0.0.3')])
    await late.start()
    await clock.advance(300)
    expect(late.heard.some(({ did }) => did === alpha.did)).to.equal(true)
  })

  it('reports a node again each time it hears of it', async () => {
    const { clock, alpha } = await makePair()
    await clock.advance(2_000)
    const before = alpha.heard.length
    await clock.advance(120_000)
    expect(alpha.heard.length).to.be.greaterThan(before)
  })

  it('announces twice, one second apart, with the flush bit on all but the PTR', async () => {
    const { clock, network, alpha, label } = await makeAlone()
    await clock.advance(900)
    const [first] = network.sent.filter(({ packet }) => packet.type === 'response')
    expect(first?.packet.answers).to.deep.equal([
      { name: serviceType, type: 'PTR', ttl: 120, flush: false, data: `${label}.${serviceType}` },
      { name: `${label}.${serviceType}`, type: 'SRV', ttl: 120, flush: true, data: { target: `${label}.local`, port: 3210 } },
      { name: `${label}.${serviceType}`, type: 'TXT', ttl: 120, flush: true, data: ['v=1', `did=${alpha.did}`] },
      { name: `${label}.local`, type: 'A', ttl: 120, flush: true, data: '10.0.0.1' }
    ])
    await clock.advance(10_000)
    expect(sentBy(network, '10.0.0.1').filter(([kind]) => kind === '!')).to.deep.equal([['!', 0], ['!', 1000]])
  })

  it('asks at intervals that triple up to the configured one', async () => {
    const { clock, network } = await makeAlone()
    await clock.advance(101_000)
    expect(sentBy(network, '10.0.0.1').filter(([kind]) => kind === '?').map(([, atMs]) => atMs))
      .to.deep.equal([70, 1070, 4070, 13_070, 40_070, 70_070, 100_070])
  })

  it('names the nodes it knows in its question, so that they stay silent', async () => {
    const { clock, network, alpha, beta } = await makePair()
    await clock.advance(5_000)
    const asked = network.sent.findLast(({ packet, from }) => packet.type === 'query' && from === '10.0.0.1')
    expect(asked?.packet.answers.map(({ data }) => data)).to.have.members([
      `${instanceLabel('alpha', alpha.did)}.${serviceType}`, `${instanceLabel('beta', beta.did)}.${serviceType}`
    ])
    expect(sentBy(network, '10.0.0.2').filter(([kind, atMs]) => kind === '!' && atMs > 1000)).to.deep.equal([])
  })

  it('announces nothing again while nothing changed', async () => {
    const { clock, network, alpha } = await makeAlone()
    await clock.advance(3_000)
    const before = network.sent.length
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }]))
    expect(network.sent.length).to.equal(before)
  })

  it('takes the former records back when its port changes', async () => {
    const { clock, network, alpha, records, label } = await makeAlone()
    await clock.advance(3_000)
    network.sent.length = 0
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 4000 }]))
    expect(network.sent.map(({ packet }) => packet)).to.deep.equal([
      goodbye(records), response(recordsOf({ label, did: alpha.did, address: '10.0.0.1', port: 4000 }))
    ])
  })

  it('says goodbye when it stops, answers no more and leaves no timer or socket', async () => {
    const { clock, network, alpha, records } = await makeAlone()
    await clock.advance(3_000)
    network.sent.length = 0
    await alpha.discovery.stop()
    await alpha.discovery.stop()
    network.deliver(question([]), { address: '10.0.0.2', port: group })
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 4000 }]))
    await clock.advance(10_000)
    expect({ sent: network.sent.map(({ packet }) => packet), timers: clock.pending, sockets: network.sockets })
      .to.deep.equal({ sent: [goodbye(records)], timers: 0, sockets: 0 })
  })

  it('leaves no timer when it stops between two announcements', async () => {
    const { clock, network, alpha } = await makeAlone()
    network.deliver(question([]), { address: '10.0.0.2', port: group })
    await alpha.discovery.stop()
    expect(clock.pending).to.equal(0)
  })

  it('advertises only the address of the interface itself', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const alpha = makeNode(network, clock, [alphaHome, lan('192.168.7.1', 'eth1'), lan('172.20.0.1', 'eth2')])
    await alpha.start()
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }, { host: '192.168.7.1', port: 3210 }]))
    await clock.advance(3_000)
    const advertised = network.sent.filter(({ packet }) => packet.type === 'response')
      .map(({ from, packet }) => `${from}: ${packet.answers.filter(({ type }) => type === 'A').map(({ data }) => String(data)).join()}`)
    expect([...new Set(advertised)]).to.deep.equal(['10.0.0.1: 10.0.0.1', '192.168.7.1: 192.168.7.1'])
    expect(alpha.warnings.length).to.equal(1)
    expect(alpha.warnings[0]).to.include('172.20.0.1')
  })

  it('advertises nothing, and warns of nothing, before it knows an address', async () => {
    const { clock, network, alpha } = await makeAlone([])
    await clock.advance(3_000)
    expect(sentBy(network, '10.0.0.1').filter(([kind]) => kind !== '?')).to.deep.equal([])
    expect(alpha.warnings).to.deep.equal([])
  })

  it('ignores packets from other networks, and responses from other ports', async () => {
    const { clock, network, alpha } = await makeAlone()
    await clock.advance(3_000)
    network.sent.length = 0
    const told = response(recordsOf({ label: 'x', did: newDid(), address: '10.0.0.9', port: 1 }))
    network.deliver(told, { address: '10.0.1.9', port: group })
    network.deliver(told, { address: '10.0.0.9', port: group + 1 })
    network.deliver(question([]), { address: '10.0.1.9', port: group })
    await clock.advance(1_000)
    expect({ heard: alpha.heard, sent: network.sent.length }).to.deep.equal({ heard: [], sent: 0 })
    network.deliver(told, { address: '10.0.0.9', port: group })
    expect(alpha.heard.length).to.equal(1)
  })

  it('forgets a node that said goodbye, and goes on', async () => {
    const { clock, network, alpha } = await makeAlone()
    const told = recordsOf({ label: 'x', did: newDid(), address: '10.0.0.9', port: 1 })
    network.deliver(response(told), { address: '10.0.0.9', port: group })
    network.deliver(goodbye(told), { address: '10.0.0.9', port: group })
    await clock.advance(1_100)
    const asked = network.sent.findLast(({ packet }) => packet.type === 'query')
    expect(asked?.packet.answers.map(({ data }) => data)).to.not.include(pointTo('x').data)
    expect(alpha.heard.length).to.equal(1)
  })

  it('warns once of services that lie, and reports none of them', async () => {
    const { network, alpha } = await makeAlone()
    for (let i = 0; i < 100; i++) {
      const lie = recordsOf({ label: `x${i}`, did: 'did:key:z6Mknobody', address: '10.0.0.9', port: 1 })
      network.deliver(response(lie), { address: '10.0.0.9', port: group })
    }
    expect({ heard: alpha.heard, warnings: alpha.warnings.length }).to.deep.equal({ heard: [], warnings: 1 })
  })

  it('runs on where there is no interface, and says so', async () => {
    const clock = new FakeClock()
    const alpha = makeNode(new MemoryLan(clock), clock, [], ['eth7'])
    await alpha.start()
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }]))
    await alpha.discovery.stop()
    expect(alpha.warnings.map((line) => /"eth7"|no interface to use/.exec(line)?.[0])).to.deep.equal(['"eth7"', 'no interface to use'])
  })

  it('runs on with the other interfaces when one cannot be used, and says so', async () => {
    const clock = new FakeClock()
    const inUse = Object.assign(new Error('bind EADDRINUSE 0.0.0.0:15353'), { code: 'EADDRINUSE', syscall: 'bind' })
    const network = new MemoryLan(clock, new Map([['192.168.7.1', inUse]]))
    const alpha = makeNode(network, clock, [lan('192.168.7.1', 'eth1'), alphaHome])
    await alpha.start()
    expect({ sockets: network.sockets, warnings: alpha.warnings.length }).to.deep.equal({ sockets: 1, warnings: 1 })
    expect(alpha.warnings[0]).to.match(/eth1.*EADDRINUSE.*disallow-other-stacks=no/)
  })

  it('reports nothing before its start has resolved', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const alpha = makeNode(network, clock, [alphaHome])
    const told = response(recordsOf({ label: 'x', did: newDid(), address: '10.0.0.9', port: 1 }))
    const starting = alpha.start()
    network.deliver(told, { address: '10.0.0.9', port: group })
    expect({ sockets: network.sockets, heard: alpha.heard }).to.deep.equal({ sockets: 1, heard: [] })
    await starting
    network.deliver(told, { address: '10.0.0.9', port: group })
    expect(alpha.heard.length).to.equal(1)
  })

  it('closes what it opened and rejects with the reason when its start is aborted', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const alpha = makeNode(network, clock, [alphaHome])
    const abort = new AbortController()
    const reason = new Error('too slow')
    const starting = alpha.discovery.start(() => {}, abort.signal)
    abort.abort(reason)
    expect(await starting.catch((error: unknown) => error)).to.equal(reason)
    expect({ sockets: network.sockets, timers: clock.pending }).to.deep.equal({ sockets: 0, timers: 0 })
  })
})
