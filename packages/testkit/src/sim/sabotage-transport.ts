import {
  definePlugin, NoConfig, peekItem, type Did, type EnvelopeReceiver, type FeedState, type Link, type LinkTarget, type Plugin, type Receipt, type Transport
} from '@akshi/core'
import { isAnnouncement } from './items.ts'
import { meshId, type SimulatedNodeOptions } from './simulated-node.ts'

/** What breaks a transport: its links, and what it gives to receive. */
interface Saboteur {
  readonly link?: (link: Link, target: LinkTarget, own: Did) => Partial<Link>
  readonly receiver?: (receiver: EnvelopeReceiver, own: Did) => Partial<EnvelopeReceiver>
}

/** `withhold`: some envelopes never leave the node, which says that they did. */
export const withholds: Saboteur = onlySends((item) => (item.at(-1) ?? 0) % 4 !== 0)

/** `forwards nothing`: sends what it has written itself, and says that it has sent the rest. */
export const forwardsNothing: Saboteur = onlySends((item, own) => isAnnouncement(item) || peekItem(item, meshId).envelope.origin === own)

/** `keeps from folders`: writes nothing into folders, and says that it did. */
export const keepsFromFolders: Saboteur = {
  link: (_, { kind }) => kind === 'shared' ? { push: async (batch) => ({ verdicts: batch.map(() => ({ status: 'stored' })), have: [] }) } : {}
}

/** `drops the last`: of a batch that comes in the last item is lost, and said to be stored. */
export const dropsTheLast: Saboteur = {
  receiver: (receiver) => ({
    receive: async (batch, from) => {
      const last = batch.at(-1)
      if (last === undefined || isAnnouncement(last)) return await receiver.receive(batch, from)
      const { verdicts, have } = await receiver.receive(batch.slice(0, -1), from)
      return { verdicts: [...verdicts, { status: 'stored' }], have: [...have.filter(({ feed: { part, origin } }) => part !== stateAfter(last).feed.part || origin !== stateAfter(last).feed.origin), stateAfter(last)] }
    }
  })
}

/** `says the same`: answers a digest as if it had just what the other end has. */
export const saysSame: Saboteur = { receiver: () => ({ digest: async ({ root }) => ({ root }) }) }

/** `never asks`: takes for granted that the other end has the same. */
export const neverAsks: Saboteur = { link: () => ({ digest: async ({ root }) => ({ root }) }) }

/** `holds for ever`: holds back a feed at each third envelope and never lets go. */
export const vetoes: Plugin = definePlugin({
  name: 'holds',
  apiVersion: 1,
  config: NoConfig,
  setup: ({ hooks }) => {
    hooks.beforeEnvelopeSend.tapPromise('holds', async (envelope) => envelope.kind === 'journal' && envelope.seq % 3 === 0 ? { reason: 'for ever' } : undefined)
    return {}
  }
})

/** Breaks all transports of a node so. */
export function throughTransport (saboteur: Saboteur): (plugins: (did: Did) => readonly Plugin[]) => Pick<SimulatedNodeOptions, 'plugins'> {
  return (plugins) => ({
    plugins: (did) => plugins(did).map((plugin) => ({
      ...plugin,
      setup (cradle) {
        const { transport, ...parts } = plugin.setup(cradle)
        return transport === undefined ? parts : { ...parts, transport: new SabotagedTransport(transport, saboteur, did) }
      }
    }))
  })
}

/** Sends only some items, and says that it sent all. */
function onlySends (isSent: (item: Uint8Array, own: Did) => boolean): Saboteur {
  return {
    receiver: (receiver, own) => ({
      async * serve (want, options, from) {
        for await (const item of receiver.serve(want, options, from)) if (isSent(item, own)) yield item
      }
    }),
    link: (link, _, own) => ({
      push: async (batch, signal) => {
        const sent = batch.filter((item) => isSent(item, own))
        const { verdicts, have }: Receipt = sent.length === 0 ? { verdicts: [], have: [] } : await link.push(sent, signal)
        return { verdicts: batch.map((item) => verdicts[sent.indexOf(item)] ?? { status: 'stored' }), have }
      }
    })
  }
}

/** What somebody has who has this. */
function stateAfter (item: Uint8Array): FeedState {
  const { envelope: { origin, id, header: { journal, part, seq, heads } } } = peekItem(item, meshId)
  return { feed: { journal, part, origin }, tips: [{ seq, id }], heads }
}

class SabotagedTransport implements Transport {
  readonly #inner: Transport
  readonly #saboteur: Saboteur
  readonly #own: Did

  constructor (inner: Transport, saboteur: Saboteur, own: Did) {
    this.#inner = inner
    this.#saboteur = saboteur
    this.#own = own
  }

  get reach () { return this.#inner.reach }

  start (receiver: EnvelopeReceiver, signal: AbortSignal): Promise<void> {
    return this.#inner.start({
      admits: (did) => receiver.admits(did),
      receive: (batch, from) => receiver.receive(batch, from),
      digest: (theirs, from) => receiver.digest(theirs, from),
      hint: (from) => receiver.hint(from),
      serve: (want, options, from) => receiver.serve(want, options, from),
      ...this.#saboteur.receiver?.(receiver, this.#own)
    }, signal)
  }

  async connect (target: LinkTarget, signal: AbortSignal): Promise<Link> {
    const link = await this.#inner.connect(target, signal)
    return {
      digest: (mine, signal) => link.digest(mine, signal),
      pull: (want, options, signal) => link.pull(want, options, signal),
      push: (batch, signal) => link.push(batch, signal),
      close: () => link.close(),
      ...this.#saboteur.link?.(link, target, this.#own)
    }
  }

  stop (): Promise<void> { return this.#inner.stop() }
}
