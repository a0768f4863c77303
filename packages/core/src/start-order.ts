import type { PluginHosts } from './isolation/plugin-hosts.ts'
import type { Part } from './lifecycle.ts'
import type { NodeParts } from './node-parts.ts'

/** Journals, services, transports, discoveries, sync: what is used starts before what uses it. A plugin that fails on the way is passed over. */
export function * startOrder (parts: NodeParts, plugins: PluginHosts): Generator<Part> {
  const { board, peers, candidates, report, journals, announcer, sync, messages, receiver } = parts
  peers.onChange((peer) => board.hooks.onPeerDiscovered.call(peer))
  yield { name: 'the journals', start: () => journals.open(), stop: () => journals.close() }
  for (const host of plugins.running) {
    const { service } = host.parts
    if (service !== undefined) yield plugins.part(host, { start: (signal) => service.start(signal), stop: () => service.stop() })
  }
  for (const host of plugins.running) {
    const { transport } = host.parts
    if (transport !== undefined) yield plugins.part(host, { start: (signal) => transport.start(receiver, signal), stop: () => transport.stop() })
  }
  const prober = plugins.running.find(({ parts: { prober } }) => prober !== undefined)?.parts.prober
  yield { name: 'the candidates', start: () => prober === undefined ? undefined : candidates.start(prober), stop: () => candidates.stop() }
  for (const host of plugins.running) {
    const { discovery } = host.parts
    if (discovery === undefined) continue
    yield plugins.part(host, { start: (signal) => discovery.start((candidate) => report(candidate, host.name), signal), stop: () => discovery.stop() })
    announcer.onChange((signed) => { void discovery.announce(signed) })
  }
  yield { name: 'sync', start: () => sync.start(), stop: async () => { await Promise.all([messages.stop(), sync.stop()]) } }
  yield { name: 'the announcer', start: () => announcer.start(), stop: () => announcer.stop() }
}
