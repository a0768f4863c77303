import { expect } from 'chai'
import { ifPossible, print } from './if-possible.ts'
import type { LiveNode } from './live-node.ts'
import { announcedName, hasHeard, MdnsMesh, peersOf } from './mdns-mesh.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { until } from './until.ts'

const test = ifPossible(reasonWithoutNamespaces())

describe('LAN discovery on a real network', function () {
  this.timeout(60_000)

  test('makes strangers pending on both sides, which "akshi trust" completes; one that dies leaves the list before its records expire', async () => {
    await using mesh = await MdnsMesh.make(2)
    const [one, two] = await mesh.startTwo({ trust: 'known' })
    await until(async () => (await peersOf(one)).includes('host1') && (await peersOf(two)).includes('host0'), 20_000, 'met')
    expect((await Promise.all([one, two].map((node) => node.status()))).map(({ peers: [peer] }) => [peer?.trust, peer?.sources])).to.deep.equal([['pending', ['mdns']], ['pending', ['mdns']]])
    await one.append('notes', 'hello')
    await Promise.all([one.akshi('trust', two.did), two.akshi('trust', one.did)])
    await until(async () => (await two.entries('notes')).length === 1, 20_000, 'the entry is there')
    await two.kill()
    const ms = await until(async () => !await hasHeard(one, 'host1'), 40_000, 'forgotten')
    print(`forgotten ${ms} ms after it died`)
  })

  test('lets two nodes meet that have link-local IPv6 addresses only', async () => {
    await using mesh = await MdnsMesh.make(2)
    for (const host of [0, 1]) await mesh.on(host, 'ip', '-4', 'address', 'flush', 'dev', 'eth0')
    const [one, two] = await mesh.startTwo({ bind: '::' })
    await one.append('notes', 'hello')
    await until(async () => (await two.entries('notes')).length === 1, 20_000, 'the entry is there')
    const { peers: [peer] } = await two.status()
    expect(peer?.addresses.map(({ host }) => host.replace(/^fe80::[0-9a-f:]+/, 'fe80::x'))).to.deep.equal(['fe80::x%eth0'])
  })

  test('gives two nodes of one name that start together a name each, and both know theirs', async () => {
    await using mesh = await MdnsMesh.make(2)
    const nodes = await mesh.startTwo({ name: 'twin' })
    const [first, second] = await Promise.all(nodes.map((node) => announcedName(node)))
    const [one, two] = nodes
    const isRenamed = (name: string | undefined, { did }: LiveNode) => name === `twin (${did.slice(-8)})`
    expect([[first, isRenamed(second, two)], [second, isRenamed(first, one)]]).to.deep.include(['twin', true])
    await until(async () => await hasHeard(one, second ?? '') && await hasHeard(two, first ?? ''), 20_000, 'each hears the other\'s')
  })
})
