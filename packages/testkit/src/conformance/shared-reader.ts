import { peekItem, type Digest, type Identity, type Link, type LogEnvelope, type PullOptions, type Range, type Verdict } from '@akshi/core'
import { expectThat } from './conformance-case.ts'
import { feedOf, keyOf, meshId, never } from './material.ts'
import { collect, type Actor, type TransportStage } from './transport-stage.ts'

/** A node that shares a place with others, with its link to it. */
export class SharedReader {
  readonly actor: Actor
  readonly link: Link
  readonly #stage: TransportStage

  private constructor (stage: TransportStage, actor: Actor, link: Link) {
    this.#stage = stage
    this.actor = actor
    this.link = link
  }

  static async open (stage: TransportStage, identity?: Identity): Promise<SharedReader> {
    const actor = await stage.actor(identity)
    return new SharedReader(stage, actor, await stage.link(actor))
  }

  get identity (): Identity { return this.actor.identity }

  async push (items: readonly Uint8Array[]): Promise<readonly Verdict['status'][]> {
    const { verdicts } = await this.#stage.within(this.link.push(items, never), 'push')
    return verdicts.map(({ status }) => status)
  }

  async digest (root: Uint8Array = new Uint8Array(32)): Promise<Digest> {
    return await this.#stage.within(this.link.digest({ root }, never), 'digest')
  }

  /** What comes of the feed that these envelopes are of. */
  async pull (chain: readonly LogEnvelope[], range: Partial<Range> = {}, options: PullOptions = { limit: 1_000 }): Promise<readonly Uint8Array[]> {
    const want = chain.slice(0, 1).map((first) => ({ feed: feedOf(first), have: [], ...range }))
    return await this.#stage.within(collect(this.link.pull(want, options, never)), 'pull')
  }

  /** Everything that comes of the feeds that these items are of. */
  async pullAll (items: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const feeds = new Map(items.map((item) => {
      const { origin, header: { journal, part } } = peekItem(item, meshId).envelope
      return [`${origin} ${journal} ${part}`, { feed: { origin, journal, part }, have: [] }]
    }))
    return await this.#stage.within(collect(this.link.pull([...feeds.values()], { limit: 1_000 }, never)), 'pull')
  }

  /** Waits until all these items come, looking again at each hint; nothing else may come. */
  async expectAll (items: readonly Uint8Array[]): Promise<void> {
    const known = new Set(items.map(keyOf))
    await this.#stage.until(async () => {
      const event = this.actor.receiver.next('hint')
      await this.digest()
      const came = await this.pullAll(items)
      const stranger = came.find((item) => !known.has(keyOf(item)))
      expectThat(stranger === undefined, `An item of ${stranger?.length} bytes came that nobody pushed: bytes were altered, cut or joined`)
      const keys = new Set(came.map(keyOf))
      const missing = items.filter((item) => !keys.has(keyOf(item)))
      if (missing.length === 0) return undefined
      return { event, what: `${missing.length} of ${items.length} items do not come, and a hint that they may be there` }
    })
  }
}
