import { expect } from 'chai'
import { ifPossible, print } from './if-possible.ts'
import { mdnsStatus, MdnsMesh, peersOf } from './mdns-mesh.ts'
import { TwoLans } from './mdns-two-lans.ts'
import { MdnsWitness, type HeardPacket } from './mdns-witness.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { until } from './until.ts'

const test = ifPossible(reasonWithoutNamespaces())

describe('a node on two networks', function () {
  this.timeout(60_000)

  test('keeps two networks apart, and follows an address that changes and a cable that is pulled', async () => {
    await using mesh = await MdnsMesh.on(new TwoLans())
    using first = await MdnsWitness.start(mesh.lan, 0)
    using second = await MdnsWitness.start(mesh.lan, 2)
    const [left, middle, right] = await Promise.all([mesh.start(0), mesh.start(1, { bind: '::' }), mesh.start(2)])
    const addressesAt = async (node: typeof left) => (await node.status()).peers.find(({ name }) => name === 'host1')?.addresses.map(({ host }) => host) ?? []
    await until(async () => (await peersOf(middle)).join() === 'host0,host2' && (await peersOf(left)).includes('host1') && (await peersOf(right)).includes('host1'), 20_000, 'met')

    mesh.lan.ip(1, 'address', 'del', '10.82.0.2/24', 'dev', 'eth1')
    mesh.lan.ip(1, 'address', 'add', '10.82.0.9/24', 'dev', 'eth1')
    const moved = await until(async () => (await addressesAt(right)).includes('10.82.0.9'), 20_000, 'the new address')
    await until(async () => second.heard.some(({ packet: { answers } }) => answers.some(({ ttl, data }) => ttl === 0 && data === '10.82.0.2')), 20_000, 'a goodbye of the old address')

    const states = async () => (await mdnsStatus(middle)).interfaces.map(({ interface: name, family, state }) => `${name} ${family} ${state}`).sort()
    mesh.lan.ip(0, 'link', 'set', 'eth0', 'down')
    const gone = await until(async () => (await states()).every((state) => state.startsWith('eth1')), 20_000, 'eth0 is gone')
    mesh.lan.ip(0, 'link', 'set', 'eth0', 'up')
    const back = await until(async () => (await states()).join() === ['eth0', 'eth1'].flatMap((name) => [4, 6].map((family) => `${name} ${family} announced`)).join(), 20_000, 'eth0 is back')
    print(`dialled at its new address after ${moved} ms; an interface is left after ${gone} ms and announced on again after ${back} ms`)

    const says = ({ bytes }: HeardPacket, host: string) => bytes.includes(Buffer.from(host.split('.').map(Number)))
    const heardOf = (witness: MdnsWitness, ...hosts: readonly string[]) => hosts.filter((host) => witness.heard.some((heard) => says(heard, host)))
    expect(heardOf(first, '10.81.0.2', '10.81.0.1', '10.82.0.2', '10.82.0.9', '10.82.0.1')).to.deep.equal(['10.81.0.2', '10.81.0.1'])
    expect(heardOf(second, '10.82.0.2', '10.82.0.9', '10.82.0.1', '10.81.0.2', '10.81.0.1')).to.deep.equal(['10.82.0.2', '10.82.0.9', '10.82.0.1'])
    expect(await addressesAt(right)).to.not.include('10.81.0.2')
  })
})
