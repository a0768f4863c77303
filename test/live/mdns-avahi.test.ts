import { expect } from 'chai'
import { newDid } from '../plugin-mdns/fixtures.ts'
import { AvahiHost, reasonWithoutAvahi, type BrowsedService } from './avahi-host.ts'
import { ifPossible } from './if-possible.ts'
import { announcedName, hasHeard, mdnsStatus, MdnsMesh } from './mdns-mesh.ts'
import { until } from './until.ts'

const test = ifPossible(reasonWithoutAvahi())
const seenMs = 20_000

describe('a node beside an unmodified Avahi', function () {
  this.timeout(60_000)

  test('is seen by it with all its records over both families until it says goodbye, and sees what that publishes, though it shares its port with another Avahi', async () => {
    await using mesh = await MdnsMesh.make(2)
    await using avahi = await AvahiHost.start(mesh.lan, 1, mesh.folder)
    await using beside = await AvahiHost.start(mesh.lan, 0, mesh.folder)
    const node = await mesh.start(0, { name: 'alpha.home', bind: '::' })
    await announcedName(node)
    let seen: readonly BrowsedService[] = []
    await until(async () => {
      seen = await avahi.browse()
      return new Set(seen.map(({ family }) => family)).size === 2
    }, seenMs, 'seen over both families')
    const host = `alpha-home-${node.did.slice(-8)}.local`
    expect(new Set(seen.map(({ name, host, port }) => `${name} ${host} ${port}`))).to.deep.equal(new Set([`alpha-home ${host} 3210`]))
    expect(seen.some(({ address }) => address === mesh.lan.address(0))).to.equal(true)
    expect(seen[0]?.txt).to.include('"v=1"').and.include(`"did=${node.did}"`).and.include('"name=alpha.home"')
    expect((await avahi.run('avahi-resolve', '-4', '-n', host)).trim().split('\t')).to.deep.equal([host, mesh.lan.address(0)])
    expect((await avahi.run('avahi-resolve', '-6', '-n', host)).split('\t')[1]).to.match(/^fe80::/)
    expect(await avahi.names('_journal._sub._akshi._tcp')).to.deep.equal(['alpha-home'])
    expect(await avahi.run('avahi-browse', '--all', '--terminate', '--parsable')).to.include(';_akshi._tcp;local')
    await avahi.publish('from Avahi', 4_820, 'v=1', `did=${newDid()}`)
    await beside.publish('from the same host', 4_821, 'v=1', `did=${newDid()}`)
    await until(async () => await hasHeard(node, 'from Avahi') && await hasHeard(node, 'from the same host'), seenMs, 'both seen')
    expect(await beside.names()).to.deep.equal(['alpha-home', 'from Avahi', 'from the same host'])
    await node.akshi('stop')
    await until(async () => !(await avahi.names()).includes('alpha-home'), 20_000, 'gone')
  })

  test('takes another name when Avahi has its own, which it sees, and keeps it when Avahi comes second; each knows its name', async () => {
    await using mesh = await MdnsMesh.make(2)
    await using avahi = await AvahiHost.start(mesh.lan, 1, mesh.folder)
    const taken = await avahi.publish('dup', 4_820, 'v=1', `did=${newDid()}`)
    const node = await mesh.start(0, { name: 'dup' })
    const renamed = `dup (${node.did.slice(-8)})`
    expect([taken, await announcedName(node)]).to.deep.equal(['dup', renamed])
    await until(async () => (await avahi.names()).join() === ['dup', renamed].join(), seenMs, 'both seen')
    await until(() => hasHeard(node, 'dup'), seenMs, 'seen')
    const second = await avahi.publish(renamed, 4_821)
    expect([second !== renamed, (await mdnsStatus(node)).name]).to.deep.equal([true, renamed])
  })
})
