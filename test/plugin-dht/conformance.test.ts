import { definePlugin, NoConfig, systemClock, type Clock, type Plugin } from '@akshi/core'
import { discoveryCasesOf, discoverySubject } from '@akshi/testkit'
import { parseBootstrap } from '../../packages/plugin-dht/src/bootstrap-address.ts'
import { DhtDiscovery } from '../../packages/plugin-dht/src/dht-discovery.ts'
import { DhtNode, loopback } from './support/dht-lab.ts'

/** What the cases announce was issued at the beginning of 2025. */
const sinceMs = Date.now() - Date.UTC(2025, 0, 1, 1)
const clock: Clock = { ...systemClock, now: () => systemClock.now() - sinceMs }

/** The node that everybody in a case joins through; it is of another mesh. */
let hub = new DhtNode()

/** The plugin as `setup` makes it, but on a free port of loopback, and in a hurry. */
function pluginOf (through: string): Plugin {
  return definePlugin({
    name: 'dht',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ identity, settings: { meshId }, clock, random, logger }) => ({
      discovery: new DhtDiscovery({
        identity, meshId, meshSecret: undefined, isOn: true, bootstrap: [parseBootstrap(through)], listen: { host: '127.0.0.1', port: 0 }, external: undefined, policy: loopback, maxConnections: 100, maxRecords: 100, maxInboundPerSec: 10_000, maxIntervalMs: 150, refreshMs: 150, farewellMs: 5_000, remembered: { read: async () => [], write: async () => {} }, reduce: (signed) => signed, clock, random, logger
      })
    })
  })
}

const subject = discoverySubject({
  async open () {
    return { clock, plugin: () => pluginOf(hub.place) }
  },
  addresses: (number, turn) => [{ host: '127.0.0.1', port: 3_210 + 10 * number + turn }],
  deadlineMs: 15_000
})

describe('plugin-dht keeps the promises of discoveries', function () {
  this.timeout(60_000)

  beforeEach(async () => { hub = await new DhtNode({ meshId: 'another', clock }).start() })
  afterEach(() => hub.stop())

  for (const { name, run } of discoveryCasesOf(subject)) it(name, () => run(subject))
})
