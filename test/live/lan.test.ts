import { expect } from 'chai'
import { reasonWithoutNamespaces, TwoHosts } from './network-lab.ts'

const why = reasonWithoutNamespaces()
const test = why === undefined ? it : it.skip
const titled = (title: string) => why === undefined ? title : `${title} (skipped: ${why})`

describe('two hosts on a network, with nothing configured', () => {
  test(titled('find each other by multicast, converge, are cut off, and converge again'), async function () {
    this.timeout(90_000)
    await using hosts = await TwoHosts.make()
    for (const host of [0, 1]) await hosts.startNode(host, '--trust', 'lan')
    for (const host of [0, 1]) await hosts.akshi(host, 'journal', 'append', 'notes', `from host${host}`)
    await hosts.akshi(0, 'wait', '--converged', '--peers', '1', '--entries', '2')
    const { peers } = JSON.parse(await hosts.akshi(0, 'status', '--json')) as { peers: { name: string, sources: string[], addresses: { host: string, port: number }[] }[] }
    expect(peers.map(({ name, sources, addresses: [address] }) => [name, sources.includes('mdns'), address])).to.deep.equal([['host1', true, { host: '10.77.0.2', port: 3210 }]])

    hosts.setCable('down')
    for (const host of [0, 1]) await hosts.akshi(host, 'journal', 'append', 'notes', `host${host} alone`)
    hosts.setCable('up')
    await hosts.akshi(0, 'wait', '--converged', '--peers', '1', '--entries', '4', '--timeout', '60')
    const [here, there] = await Promise.all([0, 1].map((host) => hosts.akshi(host, 'journal', 'read', 'notes', '--json')))
    expect(JSON.parse(here ?? '').entries.map(({ body }: { body: string }) => body).sort()).to.deep.equal(['from host0', 'from host1', 'host0 alone', 'host1 alone'])
    expect(JSON.parse(there ?? '').entries).to.deep.equal(JSON.parse(here ?? '').entries)
  })
})
