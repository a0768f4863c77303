import { definePlugin, NoConfig, type Plugin } from '@akshi/core'
import { discoveryCasesOf, discoverySubject } from '@akshi/testkit'
import { MdnsDiscovery } from '../../packages/plugin-mdns/src/mdns-discovery.ts'
import { recordsOf, response, question } from '../../packages/plugin-mdns/src/records.ts'
import { FakeClock } from './fake-clock.ts'
import { group, lan, only, serviceOf } from './fixtures.ts'
import { MemoryLan } from './memory-lan.ts'

let disturb = () => {}

/** The plugin as `setup` makes it, on one interface of a network in memory instead of UDP. */
function pluginOn (network: MemoryLan, address: string): Plugin {
  return definePlugin({
    name: 'mdns',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ identity: { did }, clock, random, logger }) => ({
      discovery: new MdnsDiscovery(network, { did, trusts: () => false, port: group, maxQueryIntervalMs: 30_000, interfaces: () => only(lan(address)), listensOnLinkLocal: false, clock, random, logger })
    })
  })
}

/** Packets that make no sense, and services that are none. */
function nonsense (network: MemoryLan): void {
  const from = { address: '10.0.0.99', port: group }
  const lies = [
    { did: 'did:key:z6Mknobody', addresses: ['10.0.0.99'], port: 1 },
    { did: 'nobody', addresses: ['nowhere'], port: 70_000 },
    { did: '', addresses: [''], port: 0 }
  ]
  for (const [index, lie] of lies.entries()) network.deliver(response(recordsOf(serviceOf('xy'.slice(index), lie as never))), from)
  for (const packet of [response([]), question([])]) network.deliver(packet, from)
}

const subject = discoverySubject({
  open () {
    const clock = new FakeClock()
    const network = new MemoryLan(clock)
    disturb = () => nonsense(network)
    return {
      clock,
      advance: (ms) => clock.advance(ms),
      plugin: (_identity, number) => pluginOn(network, `10.0.0.${number}`),
      leftovers: () => network.sockets === 0 ? [] : [`${network.sockets} sockets`]
    }
  },
  addresses: (number, turn) => [{ host: `10.0.0.${number}`, port: 3_210 + turn }],
  disturb: async () => disturb()
})

describe('plugin-mdns keeps the promises of discoveries', () => {
  for (const { name, run } of discoveryCasesOf(subject)) it(name, () => run(subject))
})
