import { definePlugin, NoConfig, type Plugin } from '@akshi/core'
import { discoveryCasesOf, discoverySubject } from '@akshi/testkit'
import { MdnsDiscovery } from '../../packages/plugin-mdns/src/mdns-discovery.ts'
import { recordsOf, response, question } from '../../packages/plugin-mdns/src/records.ts'
import { FakeClock } from './fake-clock.ts'
import { group, lan } from './fixtures.ts'
import { MemoryLan } from './memory-lan.ts'

let disturb = () => {}

/** The plugin as `setup` makes it, on one interface of a network in memory instead of UDP. */
function pluginOn (network: MemoryLan, address: string): Plugin {
  return definePlugin({
    name: 'mdns',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ identity: { did }, clock, random, logger }) => ({
      discovery: new MdnsDiscovery(network, { did, port: group, maxQueryIntervalMs: 30_000, interfaces: () => ({ selected: [lan(address)], missing: [] }), clock, random, logger })
    })
  })
}

/** Packets that make no sense, and services that are none. */
function nonsense (network: MemoryLan): void {
  const from = { address: '10.0.0.99', port: group }
  const lies = [
    { label: 'x', did: 'did:key:z6Mknobody', address: '10.0.0.99', port: 1 },
    { label: 'y', did: 'nobody', address: 'nowhere', port: 70_000 },
    { label: '', did: '', address: '', port: 0 }
  ]
  for (const lie of lies) network.deliver(response(recordsOf(lie as never)), from)
  for (const packet of [{ type: 'response', questions: [], answers: [] }, { ...question([]), questions: [] }]) network.deliver({ ...question([]), ...packet } as never, from)
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
