import { expect } from 'chai'
import { mdnsCheck, type MdnsSurroundings } from '../../packages/plugin-mdns/src/mdns-checks.ts'
import type { MdnsInterfaceStatus, MdnsStatus } from '../../packages/plugin-mdns/src/mdns-status.ts'
import { newDid } from './fixtures.ts'

const service = { name: 'beta', did: newDid() }
const eth0: MdnsInterfaceStatus = { interface: 'eth0', family: 4, address: '10.0.0.1', state: 'announced', traffic: { sent: 9, heardOwn: 8, heardOthers: 7 }, services: [service] }
const deaf: MdnsInterfaceStatus = { ...eth0, traffic: { sent: 9, heardOwn: 0, heardOthers: 0 }, services: [] }
const taken: MdnsInterfaceStatus = { interface: 'eth0', family: 4, address: '10.0.0.1', state: 'failed', problem: 'bind EADDRINUSE 0.0.0.0:5353' }
const well: MdnsSurroundings = { findBlockade: async () => undefined, isContained: () => false, isAvahiAlone: () => false }
const walled: MdnsSurroundings = { ...well, findBlockade: async () => ({ cause: 'the rule "x"', fix: 'sudo nft x' }) }

/** What is found of these interfaces, each as `level message -> fix`. */
async function find (interfaces: readonly MdnsInterfaceStatus[], more: Partial<MdnsStatus> = {}, surroundings = well): Promise<readonly string[]> {
  const status = { name: 'alpha', host: 'alpha.local', port: 5_353, missing: [], left: [], interfaces, ...more }
  const found = await mdnsCheck(() => status, surroundings)(new AbortController().signal)
  return found.map(({ level, message, fix }) => `${level} ${message}${fix === undefined ? '' : ` -> ${fix}`}`)
}

describe('mdnsCheck', () => {
  it('says of each interface what this node is called there and whom it has heard', async () => {
    expect(await find([eth0, { ...eth0, family: 6, address: 'fe80::1', state: 'open', services: [] }])).to.deep.equal([
      'ok eth0 (10.0.0.1): this node is "alpha" there, and has heard one other',
      'note eth0 (fe80::1): this node is not announced there, and has heard no other'
    ])
  })

  it('finds an interface on which a node does not even hear itself, and the rule that does it', async () => {
    expect((await find([deaf]))[0]).to.match(/^failure .*not even hear itself.* -> sudo ip link set eth0 multicast on$/)
    expect(await find([deaf], {}, walled)).to.deep.equal(['failure multicast does not come through on eth0 (10.0.0.1): this node does not even hear itself; it is the rule "x" -> sudo nft x'])
  })

  it('does not judge one that has hardly sent yet', async () => {
    expect((await find([{ ...deaf, traffic: { sent: 1, heardOwn: 0, heardOthers: 0 } }]))[0]).to.match(/^ok/)
  })

  it('warns of a rule though all seems well', async () => {
    expect((await find([eth0], {}, walled)).at(-1)).to.equal('warning the firewall of this machine may drop UDP port 5353 of others: the rule "x" -> sudo nft x')
  })

  it('tells who has the port for itself: Avahi, or how to find out', async () => {
    expect((await find([taken], {}, { ...well, isAvahiAlone: () => true }))[0]).to.match(/^failure Avahi keeps UDP port 5353 for itself .* -> sudo sed .*disallow-other-stacks=no.* && sudo systemctl restart avahi-daemon$/)
    expect((await find([taken]))[0]).to.match(/^failure another program .* -> sudo ss -lunp sport = :5353$/)
  })

  it('tells why else an interface cannot be used', async () => {
    expect(await find([{ ...taken, problem: 'addMembership ENODEV' }])).to.deep.equal(['warning no multicast on eth0 (10.0.0.1): addMembership ENODEV -> ip -br address show dev eth0'])
  })

  it('says that there is no interface, and how to use one that was left out', async () => {
    expect(await find([])).to.deep.equal(['warning nobody can be found on a local network: this machine is on none -> ip -br address'])
    expect((await find([], { left: ['wg0', 'docker0'] }))[0]).to.match(/wg0, docker0, which is not used by default -> interfaces = \["wg0"\]/)
  })

  it('tells of containers: those left out, and being in one alone', async () => {
    expect((await find([eth0], { left: ['wg0', 'docker0'] })).at(-1)).to.match(/^note docker0: left out.* -> interfaces = \["eth0", "docker0"\]/)
    expect((await find([{ ...eth0, services: [] }], {}, { ...well, isContained: () => true })).at(-1)).to.match(/^note this node runs in a container.* -> docker run --network host/)
    expect((await find([eth0], {}, { ...well, isContained: () => true })).length).to.equal(1)
  })
})
