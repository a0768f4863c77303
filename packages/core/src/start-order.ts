import { describeError } from './errors.ts'
import type { Part } from './lifecycle.ts'
import type { Logger } from './logger.ts'
import type { NodeParts } from './node-parts.ts'
import type { SetUpPlugin } from './plugin-setup.ts'

/** Journals, services, transports, discoveries, sync: what is used starts before what uses it. */
export function * startOrder (parts: NodeParts, plugins: readonly SetUpPlugin[], logger: Logger): Generator<Part> {
  const { board, peers, candidates, report, journals, announcer, sync, messages, receiver } = parts
  peers.onChange((peer) => board.hooks.onPeerDiscovered.call(peer))
  yield { name: 'the journals', start: () => journals.open(), stop: () => journals.close() }
  for (const { title: name, service } of plugins) {
    if (service !== undefined) yield { name, start: (signal) => service.start(signal), stop: () => service.stop() }
  }
  for (const { title: name, transport } of plugins) {
    if (transport !== undefined) yield { name, start: (signal) => transport.start(receiver, signal), stop: () => transport.stop() }
  }
  const prober = plugins.find((plugin) => plugin.prober !== undefined)?.prober
  yield { name: 'the candidates', start: () => prober === undefined ? undefined : candidates.start(prober), stop: () => candidates.stop() }
  for (const { name: source, title: name, discovery } of plugins) {
    if (discovery === undefined) continue
    yield { name, start: (signal) => discovery.start((candidate) => report(candidate, source), signal), stop: () => discovery.stop() }
    announcer.onChange((signed) => {
      discovery.announce(signed).catch((error: unknown) => logger.error(`${name} could not announce this node`, { error: describeError(error) }))
    })
  }
  yield { name: 'sync', start: () => sync.start(), stop: async () => { await Promise.all([messages.stop(), sync.stop()]) } }
  yield { name: 'the announcer', start: () => announcer.start(), stop: () => announcer.stop() }
}
