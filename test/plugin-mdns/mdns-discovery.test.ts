import { expect } from 'chai'
import type { MdnsRecord } from '../../packages/plugin-mdns/src/multicast.ts'
import { enumerationRecord, goodbye, pointTo, probe, question, recordsOf, response, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { FakeClock } from './fake-clock.ts'
import { announcementOf, group, lan, lans, makeNode, newDid, only, serviceOf, whoIsThere } from './fixtures.ts'
import { MemoryLan } from './memory-lan.ts'

const alphaHome = lan('10.0.0.1')
const betaHome = lan('10.0.0.2')

/** The type of each packet that `from` sent: `?` asks, `p` probes, `!` answers, `x` says goodbye. */
function sentBy (network: MemoryLan, from: string): readonly (readonly [string, number])[] {
  return network.sent.filter((each) => each.from === from).map(({ packet, atMs }) =>
    [packet.type === 'query' ? packet.authorities.length > 0 ? 'p' : '?' : packet.answers[0]?.ttl === 0 ? 'x' : '!', atMs] as const)
}

async function makePair () {
  const clock = new FakeClock()
  const network = new MemoryLan(clock)
  const alpha = makeNode(network, clock, only(alphaHome))
  const beta = makeNode(network, clock, only(betaHome))
  await alpha.start()
  await beta.start()
  await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }]))
  await beta.discovery.announce(announcementOf('beta', beta.did, [{ host: '10.0.0.2', port: 3211 }]))
  return { clock, network, alpha, beta }
}

async function makeAlone (addresses = [{ host: '10.0.0.1', port: 3210 }]) {
  const clock = new FakeClock()
  const network = new MemoryLan(clock)
  const alpha = makeNode(network, clock, only(alphaHome))
  await alpha.start()
  await alpha.discovery.announce(announcementOf('alpha', alpha.did, addresses))
  const service = serviceOf('alpha', { host: `alpha-${alpha.did.slice(-8)}.local`, did: alpha.did, addresses: ['10.0.0.1'], capabilities: ['journal'] })
  return { clock, network, alpha, service, records: recordsOf(service) }
}

describe('MdnsDiscovery', () => {
  it('finds the other node on the link and not itself', async () => {
    const { clock, alpha, beta } = await makePair()
    await clock.advance(1_500)
    expect(alpha.heard[0]).to.deep.equal({ did: beta.did, addresses: [{ host: '10.0.0.2', port: 3211 }], onLink: true })
    expect(new Set(alpha.heard.map(({ did }) => did))).to.deep.equal(new Set([beta.did]))
    expect(new Set(beta.heard.map(({ did }) => did))).to.deep.equal(new Set([alpha.did]))
  })

  it('finds a node that announced itself long before', async () => {
    const { clock, network, alpha } = await makePair()
    await clock.advance(600_000)
    const late = makeNode(network, clock, only(lan('10.0.0.3')))
    await late.start()
    await clock.advance(300)
    expect(late.heard.some(({ did }) => did === alpha.did)).to.equal(true)
  })

  it('reports a node that probes for its name, before that is announced', async () => {
    const { clock, network, alpha } = await makeAlone()
    const service = serviceOf('beta')
    network.deliver(probe(recordsOf(service)), { address: '10.0.0.2', port: group })
    expect(alpha.heard).to.deep.equal([{ did: service.did, addresses: [{ host: '10.0.0.2', port: 3210 }], onLink: true }])
    await clock.advance(5_000)
    expect(alpha.heard.length).to.equal(1)
  })

  it('tells one that has just come of itself, though it did not ask', async () => {
    const { clock, network } = await makeAlone()
    await clock.advance(10_000)
    network.sent.length = 0
    const probes = probe(recordsOf(serviceOf('beta')))
    for (const delayMs of [0, 250, 250]) {
      await clock.advance(delayMs)
      network.deliver(probes, { address: '10.0.0.2', port: group })
    }
    await clock.advance(5_000)
    expect(sentBy(network, '10.0.0.1').filter(([kind]) => kind === '!')).to.deep.equal([['!', 10_070]])
  })

  it('reports a node again and again while it is there', async () => {
    const { clock, alpha } = await makePair()
    await clock.advance(2_000)
    const before = alpha.heard.length
    await clock.advance(120_000)
    expect(alpha.heard.length).to.be.greaterThan(before + 3)
  })

  it('probes three times, then announces twice, one second apart, with the flush bit on all but the PTRs', async () => {
    const { clock, network, alpha, records } = await makeAlone()
    await clock.advance(900)
    const host = `alpha-${alpha.did.slice(-8)}.local`
    expect(network.sent.filter(({ packet }) => packet.type === 'response').map(({ packet }) => packet)).to.deep.equal([response([
      { name: serviceType, type: 'PTR', ttl: 120, flush: false, data: `alpha.${serviceType}` },
      { name: `alpha.${serviceType}`, type: 'SRV', ttl: 120, flush: true, data: { target: host, port: 3210 } },
      { name: `alpha.${serviceType}`, type: 'TXT', ttl: 120, flush: true, data: ['v=1', `did=${alpha.did}`, 'name=alpha', 'seq=1'] },
      { name: host, type: 'A', ttl: 120, flush: true, data: '10.0.0.1' },
      { name: `_journal._sub.${serviceType}`, type: 'PTR', ttl: 120, flush: false, data: `alpha.${serviceType}` }
    ])])
    expect(network.sent.find(({ packet }) => packet.authorities.length > 0)?.packet).to.deep.equal({
      ...whoIsThere,
      questions: [{ name: `alpha.${serviceType}`, type: 'ANY' }, { name: host, type: 'ANY' }],
      authorities: records.slice(1, 4)
    })
    await clock.advance(10_000)
    expect(sentBy(network, '10.0.0.1').filter(([kind]) => kind !== '?')).to.deep.equal([['p', 125], ['p', 375], ['p', 625], ['!', 875], ['!', 1875]])
  })

  it('asks at intervals that double up to the configured one', async () => {
    const { clock, network } = await makeAlone()
    await clock.advance(101_000)
    expect(sentBy(network, '10.0.0.1').filter(([kind]) => kind === '?').map(([, atMs]) => atMs))
      .to.deep.equal([70, 1_070, 3_070, 7_070, 15_070, 31_070, 61_070, 91_070])
  })

  it('names the nodes it knows in its question, so that they stay silent', async () => {
    const { clock, network } = await makePair()
    await clock.advance(20_000)
    const asked = network.sent.findLast(({ packet, from }) => packet.type === 'query' && from === '10.0.0.1')
    expect(asked?.packet.answers.map(({ data }) => data)).to.deep.equal([`beta.${serviceType}`])
    expect(sentBy(network, '10.0.0.2').filter(([kind, atMs]) => kind === '!' && atMs > 5_000)).to.deep.equal([])
  })

  it('names more nodes than fit into a packet in several', async () => {
    const { clock, network } = await makeAlone()
    for (let i = 0; i < 50; i++) network.deliver(response(recordsOf(serviceOf(`n${i}`))), { address: '10.0.0.2', port: group })
    await clock.advance(20_000)
    const asked = network.sent.filter(({ atMs, packet }) => atMs === 15_070 && packet.type === 'query').map(({ packet }) => packet)
    expect(asked.map(({ questions, truncated, answers }) => [questions.length, truncated, answers.length > 0])).to.deep.equal([[1, true, true], [0, true, true], [0, false, true]])
    expect(asked.flatMap(({ answers }) => answers).length).to.equal(50)
  })

  it('announces nothing again while nothing changed', async () => {
    const { clock, network, alpha } = await makeAlone()
    await clock.advance(3_000)
    const before = network.sent.length
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }]))
    expect(network.sent.length).to.equal(before)
  })

  it('announces its new port and number at once, as its names are its own', async () => {
    const { clock, network, alpha, service } = await makeAlone()
    await clock.advance(3_000)
    network.sent.length = 0
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 4000 }], 2))
    expect(network.sent.map(({ packet }) => packet)).to.deep.equal([response(recordsOf({ ...service, port: 4000, seq: 2 }))])
  })

  it('says goodbye when it stops, answers no more and leaves no timer or socket', async () => {
    const { clock, network, alpha, records } = await makeAlone()
    await clock.advance(3_000)
    network.sent.length = 0
    await alpha.discovery.stop()
    await alpha.discovery.stop()
    network.deliver(whoIsThere, { address: '10.0.0.2', port: group })
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 4000 }]))
    await clock.advance(10_000)
    expect({ sent: network.sent.map(({ packet }) => packet), timers: clock.pending, sockets: network.sockets })
      .to.deep.equal({ sent: [goodbye(records)], timers: 0, sockets: 0 })
  })

  for (const atMs of [0, 400, 1_000]) {
    it(`leaves no timer when it stops ${atMs} ms after it was announced`, async () => {
      const { clock, network, alpha } = await makeAlone()
      await clock.advance(atMs)
      network.deliver(whoIsThere, { address: '10.0.0.2', port: group })
      await alpha.discovery.stop()
      expect(clock.pending).to.equal(0)
    })
  }

  it('advertises only the addresses of the interface itself', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const alpha = makeNode(network, clock, only(...lans('10.0.0.1', 'eth0', 'fd77::1', 'fe80::1'), lan('192.168.7.1', 'eth1'), lan('172.20.0.1', 'eth2')))
    await alpha.start()
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, ['10.0.0.1', '192.168.7.1', 'fd77::1'].map((host) => ({ host, port: 3210 }))))
    await clock.advance(3_000)
    const advertised = network.sent.filter(({ packet }) => packet.type === 'response')
      .map(({ from, packet }) => `${from}: ${packet.answers.filter(({ type }) => type === 'A' || type === 'AAAA').map(({ data }) => String(data)).join()}`)
    expect([...new Set(advertised)].sort()).to.deep.equal(['10.0.0.1: 10.0.0.1,fd77::1', '192.168.7.1: 192.168.7.1', 'fe80::1: 10.0.0.1,fd77::1'])
    expect(alpha.warnings.length).to.equal(1)
    expect(alpha.warnings[0]).to.include('172.20.0.1')
  })

  it('advertises no address of the interface that the node does not listen on', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const alpha = makeNode(network, clock, only(lan('10.0.0.1', 'eth0', 'fd77::1')))
    await alpha.start()
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }]))
    await clock.advance(3_000)
    const told = network.sent.find(({ packet }) => packet.type === 'response')
    expect(told?.packet.answers.flatMap(({ type, data }) => type === 'A' || type === 'AAAA' ? [data] : [])).to.deep.equal(['10.0.0.1'])
  })

  it('advertises link-local addresses where the node listens on all, though no announcement has them', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const alpha = makeNode(network, clock, only(...lans('10.0.0.1', 'eth0', 'fe80::1')), { listensOnLinkLocal: true })
    await alpha.start()
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }]))
    await clock.advance(3_000)
    const told = network.sent.find(({ packet }) => packet.type === 'response')
    expect(told?.packet.answers.flatMap(({ type, data }) => type === 'A' || type === 'AAAA' ? [data] : [])).to.deep.equal(['10.0.0.1', 'fe80::1'])
  })

  it('advertises nothing, and warns of nothing, before it knows an address', async () => {
    const { clock, network, alpha } = await makeAlone([])
    await clock.advance(3_000)
    expect(sentBy(network, '10.0.0.1').filter(([kind]) => kind !== '?')).to.deep.equal([])
    expect(alpha.warnings).to.deep.equal([])
  })

  it('ignores packets from other networks, and responses from other ports', async () => {
    const { clock, network, alpha } = await makeAlone()
    await clock.advance(8_000)
    network.sent.length = 0
    const told = response(recordsOf(serviceOf('x', { addresses: ['10.0.0.9'] })))
    network.deliver(told, { address: '10.0.1.9', port: group })
    network.deliver(told, { address: '10.0.0.9', port: group + 1 })
    network.deliver(whoIsThere, { address: '10.0.1.9', port: group })
    await clock.advance(1_000)
    expect({ heard: alpha.heard, sent: network.sent.length }).to.deep.equal({ heard: [], sent: 0 })
    network.deliver(told, { address: '10.0.0.9', port: group })
    expect(alpha.heard.length).to.equal(1)
  })

  it('answers a plain resolver where it asks from, and it alone', async () => {
    const { clock, network, alpha } = await makeAlone()
    await clock.advance(8_000)
    network.sent.length = 0
    const resolver = { address: '10.0.0.9', port: 40_000 }
    network.deliver({ ...whoIsThere, id: 7 }, resolver)
    await clock.advance(1_000)
    expect(network.sent.map(({ to, packet: { id, answers } }) => [to, id, answers])).to.deep.equal([[resolver, 7, [pointTo('alpha', 10)]]])
    expect(alpha.warnings).to.deep.equal([])
  })

  it('leaves it to one of all nodes to say that the service type is there', async () => {
    const { clock, network } = await makePair()
    await clock.advance(10_000)
    network.sent.length = 0
    network.deliver(question([{ name: '_services._dns-sd._udp.local', type: 'PTR' }]), { address: '10.0.0.9', port: group })
    await clock.advance(1_000)
    expect(network.sent.map(({ packet }) => packet.answers)).to.deep.equal([[enumerationRecord]])
  })

  it('answers plain resolvers no more often than is good for whom they may pretend to be', async () => {
    const { clock, network } = await makeAlone()
    await clock.advance(8_000)
    network.sent.length = 0
    for (let i = 0; i < 1_000; i++) network.deliver({ ...whoIsThere, id: i }, { address: '10.0.0.9', port: 40_000 })
    expect(network.sent.length).to.equal(32)
  })

  it('asks for what is missing of a service, and reports it then', async () => {
    const { clock, network, alpha } = await makeAlone()
    const from = { address: '10.0.0.9', port: group }
    const [ptr, srv, txt, a] = recordsOf(serviceOf('x', { addresses: ['10.0.0.9'] })) as readonly [MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord]
    network.deliver(response([ptr, txt]), from)
    await clock.advance(1_100)
    network.deliver(response([srv]), from)
    await clock.advance(1_100)
    const asked = network.sent.flatMap(({ packet: { questions, authorities } }) => authorities.length > 0 ? [] : questions).filter(({ type }) => type !== 'PTR')
    expect(asked).to.deep.equal([{ name: `x.${serviceType}`, type: 'SRV' }, { name: 'x.local', type: 'A' }, { name: 'x.local', type: 'AAAA' }])
    expect(alpha.heard).to.deep.equal([])
    network.deliver(response([a]), from)
    expect(alpha.heard.map(({ addresses }) => addresses)).to.deep.equal([[{ host: '10.0.0.9', port: 3210 }]])
  })

  it('forgets a node that said goodbye, and goes on', async () => {
    const { clock, network, alpha } = await makeAlone()
    const told = recordsOf(serviceOf('x', { addresses: ['10.0.0.9'] }))
    network.deliver(response(told), { address: '10.0.0.9', port: group })
    network.deliver(goodbye(told), { address: '10.0.0.9', port: group })
    await clock.advance(3_100)
    const asked = network.sent.findLast(({ packet }) => packet.type === 'query')
    expect([asked?.packet.answers, alpha.discovery.status().interfaces[0]?.services, alpha.heard.length]).to.deep.equal([[], [], 1])
  })

  it('forgets a node that nobody answers for any more, seconds after a doubt, and keeps one that answers', async () => {
    const { clock, alpha, beta } = await makePair()
    await clock.advance(10_000)
    const names = () => alpha.discovery.status().interfaces[0]?.services?.map(({ name }) => name)
    alpha.discovery.doubt(beta.did)
    await clock.advance(10_000)
    const afterAnswer = names()
    await beta.discovery.stop()
    await clock.advance(100)
    alpha.discovery.doubt(beta.did)
    await clock.advance(6_000)
    expect([afterAnswer, names()]).to.deep.equal([['beta'], []])
  })

  it('warns once of services that lie, and reports none of them', async () => {
    const { network, alpha } = await makeAlone()
    for (let i = 0; i < 100; i++) {
      const lie = recordsOf(serviceOf(`x${i}`, { did: 'did:key:z6Mknobody', addresses: ['10.0.0.9'] }))
      network.deliver(response(lie), { address: '10.0.0.9', port: group })
    }
    expect({ heard: alpha.heard, warnings: alpha.warnings.length }).to.deep.equal({ heard: [], warnings: 1 })
  })

  it('reports some of ten thousand strangers, says so once, and misses none that is trusted', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const friend = newDid()
    const alpha = makeNode(network, clock, only(alphaHome), { trusts: (did) => did === friend })
    await alpha.start()
    const dids = Array.from({ length: 100 }, newDid)
    for (let i = 0; i < 10_000; i++) {
      const service = serviceOf(`x${i}`, { did: dids[i % 100] as never, addresses: [`10.0.0.${2 + i % 250}`] })
      network.deliver(response(recordsOf(service)), { address: '10.0.0.9', port: group })
    }
    network.deliver(response(recordsOf(serviceOf('friend', { did: friend }))), { address: '10.0.0.9', port: group })
    expect([alpha.heard.length, alpha.heard.at(-1)?.did, alpha.warnings.length]).to.deep.equal([65, friend, 2])
    expect(alpha.discovery.status().interfaces[0]?.services?.length).to.equal(256)
  })

  it('runs on where there is no interface, and says so', async () => {
    const clock = new FakeClock()
    const alpha = makeNode(new MemoryLan(clock), clock, { selected: [], missing: ['eth7'], left: [] })
    await alpha.start()
    await alpha.discovery.announce(announcementOf('alpha', alpha.did, [{ host: '10.0.0.1', port: 3210 }]))
    await clock.advance(10_000)
    await alpha.discovery.stop()
    expect(alpha.warnings.map((line) => /"eth7"|no interface to use/.exec(line)?.[0])).to.deep.equal(['"eth7"', 'no interface to use'])
  })

  it('runs on where the system does not tell its interfaces, and works once it does', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    let isTold = false
    const alpha = makeNode(network, clock, () => {
      if (!isTold) throw new Error('uv_interface_addresses EACCES')
      return only(alphaHome)
    })
    await alpha.start()
    await clock.advance(5_000)
    expect([network.sockets, alpha.warnings.map((line) => /EACCES|no interface to use/.exec(line)?.[0])]).to.deep.equal([0, ['EACCES', 'no interface to use']])
    isTold = true
    await clock.advance(1_000)
    expect(network.sockets).to.equal(1)
  })

  it('runs on with the other interfaces when one cannot be used, says so, and tries again', async () => {
    const clock = new FakeClock()
    const inUse = Object.assign(new Error('bind EADDRINUSE 0.0.0.0:15353'), { code: 'EADDRINUSE', syscall: 'bind' })
    const refused = new Map([['192.168.7.1', inUse]])
    const network = new MemoryLan(clock, refused)
    const alpha = makeNode(network, clock, only(lan('192.168.7.1', 'eth1'), alphaHome))
    await alpha.start()
    await clock.advance(10_000)
    expect({ sockets: network.sockets, warnings: alpha.warnings.length }).to.deep.equal({ sockets: 1, warnings: 1 })
    expect(alpha.warnings[0]).to.match(/eth1.*EADDRINUSE.*disallow-other-stacks=no/)
    expect(alpha.discovery.status().interfaces.map(({ interface: name, state }) => [name, state])).to.deep.equal([['eth0', 'open'], ['eth1', 'failed']])
    refused.clear()
    await clock.advance(10_000)
    expect({ sockets: network.sockets, warnings: alpha.warnings.length }).to.deep.equal({ sockets: 2, warnings: 1 })
  })

  it('forgets that an interface could not be used once that is gone', async () => {
    const clock = new FakeClock()
    const refused = Object.assign(new Error('addMembership ENODEV'), { code: 'ENODEV', syscall: 'addMembership' })
    let now = only(lan('192.168.7.1', 'eth1'), alphaHome)
    const alpha = makeNode(new MemoryLan(clock, new Map([['192.168.7.1', refused]])), clock, () => now)
    await alpha.start()
    now = only(alphaHome)
    await clock.advance(1_000)
    expect(alpha.discovery.status().interfaces.map(({ interface: name }) => name)).to.deep.equal(['eth0'])
  })

  it('reports nothing before its start has resolved', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const alpha = makeNode(network, clock, only(alphaHome))
    const told = response(recordsOf(serviceOf('x', { addresses: ['10.0.0.9'] })))
    const starting = alpha.start()
    await Promise.resolve()
    await Promise.resolve()
    network.deliver(told, { address: '10.0.0.9', port: group })
    expect({ sockets: network.sockets, heard: alpha.heard }).to.deep.equal({ sockets: 1, heard: [] })
    await starting
    network.deliver(told, { address: '10.0.0.9', port: group })
    expect(alpha.heard.length).to.equal(1)
  })

  it('closes what it opened and rejects with the reason when its start is aborted', async () => {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    const alpha = makeNode(network, clock, only(alphaHome))
    const abort = new AbortController()
    const reason = new Error('too slow')
    const starting = alpha.discovery.start(() => {}, abort.signal)
    abort.abort(reason)
    expect(await starting.catch((error: unknown) => error)).to.equal(reason)
    expect({ sockets: network.sockets, timers: clock.pending }).to.deep.equal({ sockets: 0, timers: 0 })
  })
})
