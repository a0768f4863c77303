import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Finding } from '@akshi/core'
import { question, recordsOf, response, serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { newDid, serviceOf, whoIsThere } from '../plugin-mdns/fixtures.ts'
import { AvahiHost, reasonWithoutAvahi } from './avahi-host.ts'
import { ifPossible } from './if-possible.ts'
import type { LiveNode } from './live-node.ts'
import { announcedName, mdnsStatus, MdnsMesh, peersOf } from './mdns-mesh.ts'
import { MdnsWitness, type HeardPacket } from './mdns-witness.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { until } from './until.ts'

const soaks = process.env['SOAK'] === '1'
const test = ifPossible(reasonWithoutNamespaces())
const withAvahi = ifPossible(reasonWithoutAvahi())

describe('LAN discovery where others are difficult', function () {
  this.timeout(60_000)

  test('answers a plain resolver, is silent about what the asker knows, and bears thousands of services that are none', async () => {
    await using mesh = await MdnsMesh.make(2)
    const node = await mesh.start(0)
    await announcedName(node)
    using witness = await MdnsWitness.start(mesh.lan, 1)
    const { packet } = await witness.asksUntilAnswered({ ...whoIsThere, id: 4_711 }, 20_000)
    expect([packet.id, packet.questions, packet.answers.map(({ data, ttl, flush }) => [data, ttl, flush])]).to.deep.equal([4_711, whoIsThere.questions, [[`host0.${serviceType}`, 10, false]]])

    const isAnswer = ({ way, packet: { type, answers } }: HeardPacket) => way === 'group' && type === 'response' && answers.length === 1 && answers[0]?.type === 'PTR'
    let askedAt = -Infinity
    const askNowAndThen = () => {
      if (performance.now() - askedAt < 2_500) return                                // an announcement may answer for it
      askedAt = performance.now()
      witness.say('group', whoIsThere)
    }
    const { packet: { answers: known } } = await witness.hears(isAnswer, 20_000, 'answered to all', 0, askNowAndThen)
    const before = witness.heard.length
    witness.say('group', question(whoIsThere.questions, known), question([{ name: `host0.${serviceType}`, type: 'SRV' }]))
    await witness.hears(({ packet: { answers } }) => answers.some(({ type }) => type === 'SRV'), 20_000, 'the SRV', before)
    expect(witness.heard.slice(before).filter(isAnswer).length).to.equal(0)

    const dids = Array.from({ length: 100 }, newDid)
    for (let batch = 0; batch < (soaks ? 100 : 10); batch++) {
      witness.say('group', ...Array.from({ length: 100 }, (_, i) => response(recordsOf(serviceOf(`x${batch}-${i}`, { did: dids[i] ?? newDid(), addresses: [`10.78.0.${100 + i}`] })))))
      await until(async () => true, 1_000, 'a breath')
    }
    await witness.asksUntilAnswered({ ...whoIsThere, id: 4_712 }, 15_000)
    const status = await mdnsStatus(node)
    expect(status.interfaces.every(({ services = [] }) => services.length <= 256)).to.equal(true)
    expect(node.log.split('\n').filter((line) => /Akshi services heard over mDNS/.test(line)).length).to.be.within(1, 2)
    await node.append('notes', 'still here')
  })

  test('forms a known mesh anew where a firewall drops multicast, and says which rule does', async () => {
    await using mesh = await MdnsMesh.make(2)
    const nodes = await mesh.startTwo()
    const isLinked = async () => (await Promise.all(nodes.map((node) => node.status()))).every(({ peers: [peer] }) => peer?.link?.state === 'up')
    await until(isLinked, 20_000, 'linked')
    await until(async () => nodes.every(({ home }) => existsSync(join(home, 'mdns-peers.json'))), 20_000, 'remembered')
    await Promise.all(nodes.map((node) => node.akshi('stop')))
    for (const host of [0, 1]) await mesh.on(host, 'nft', 'add table inet filter; add chain inet filter input { type filter hook input priority 0; }; add rule inet filter input udp dport 5353 drop')
    await Promise.all(nodes.map((node) => node.start()))
    await until(isLinked, 20_000, 'linked again')
    const read = () => findingsOf(nodes[0])
    const [finding] = await read()
    expect([finding?.level, finding?.fix]).to.deep.equal(['failure', 'sudo nft insert rule inet filter input udp dport 5353 accept'])
    expect(finding?.message).to.include('does not even hear itself').and.include('udp dport 5353 drop')
    await mesh.on(0, 'nft', 'insert rule inet filter input udp dport 5353 accept')
    await until(async () => (await read()).every(({ level }) => level !== 'failure'), 40_000, 'mended')
  })

  withAvahi('says so when Avahi keeps the port for itself, runs on, and works once it does not', async () => {
    await using mesh = await MdnsMesh.make(2)
    const avahi = await AvahiHost.start(mesh.lan, 0, mesh.folder, 'disallow-other-stacks=yes')
    const node = await mesh.start(0)
    const [finding] = await findingsOf(node)
    expect([finding?.level, finding?.message, finding?.fix]).to.deep.equal(['failure', 'another program keeps UDP port 5353 for itself; who it is:', 'sudo ss -lunp sport = :5353'])
    expect(node.log).to.match(/EADDRINUSE/)
    await avahi[Symbol.asyncDispose]()
    const other = await mesh.start(1)
    await until(async () => (await peersOf(other)).includes('host0'), 20_000, 'met')
  })
})

/** What "akshi doctor" says of LAN discovery. */
async function findingsOf (node: LiveNode): Promise<readonly Finding[]> {
  const printed = await node.akshi('doctor', '--json').catch((error: { stdout: string }) => error.stdout)      // a failure is its exit code too
  const { findings } = JSON.parse(printed) as { findings: Finding[] }
  return findings.filter(({ topic }) => topic === 'mDNS')
}
