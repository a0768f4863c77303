import { isDid, type Did } from '../../did.ts'
import type { StateEnvelope } from '../../envelope.ts'
import type { Feed, FeedContext } from '../feed.ts'
import { hexOf } from './hex.ts'
import type { Twin } from './resolution.ts'
import { StateFeed, type Filed } from './state-feed.ts'

const suffix = '.state'
const maxTwins = 64

/** The feeds of one journal's state, and their files. */
export class StateFeeds {
  readonly #journal: string
  readonly #folder: string
  readonly #context: FeedContext
  readonly #accept: Feed['accept']
  readonly #feeds = new Map<Did, StateFeed>()
  #lacksBase = false

  private constructor (journal: string, folder: string, context: FeedContext, accept: Feed['accept']) {
    this.#journal = journal
    this.#folder = folder
    this.#context = context
    this.#accept = accept
  }

  /** Opens the files that are there; when one cannot be, none stays open. Throws `MESH_DISK_FAILED`, `MESH_FORMAT_NEWER`. */
  static async open (journal: string, folder: string, context: FeedContext, accept: Feed['accept']): Promise<StateFeeds> {
    const feeds = new StateFeeds(journal, folder, context, accept)
    try {
      for (const name of await context.disk.list(folder)) {
        const origin = `did:key:${name.slice(0, -suffix.length)}`
        if (name.endsWith(suffix) && isDid(origin)) await feeds.#open(origin)
      }
      feeds.#compareLinks()
      return feeds
    } catch (error) {
      await feeds.close()
      throw error
    }
  }

  /** Whether something builds on what was not here when the files were opened. */
  get lacksBase (): boolean { return this.#lacksBase }

  /** Those that have an envelope, by origin. */
  get all (): readonly StateFeed[] {
    return [...this.#feeds.values()].filter((feed) => feed.size > 0).sort((a, b) => a.id.origin < b.id.origin ? -1 : 1)
  }

  of (origin: Did): StateFeed | undefined {
    const feed = this.#feeds.get(origin)
    return feed === undefined || feed.size === 0 ? undefined : feed
  }

  /** Whether an envelope is kept as the proof of a twin. */
  hasTwin ({ origin, id }: StateEnvelope): boolean {
    return this.#feeds.get(origin)?.hasTwin(hexOf(id)) === true
  }

  /**
   * Stores envelopes, each after its predecessor. Resolves once all are durable, and shows them then; rejects with
   * `MESH_DISK_FAILED` when nothing is stored. Forks are reported.
   */
  async store (batch: readonly Filed[]): Promise<void> {
    const parts = await this.#split(batch)
    try {
      for (const { feed, filed } of parts) feed.file(filed)
      await allDone(parts.map(({ feed }) => feed.sync()))
    } catch (error) {
      for (const { feed, start } of parts) feed.takeBack(start)
      throw error
    }
    for (const { feed, start, filed } of parts) {
      for (const { envelope, sibling } of feed.publish(start, filed)) this.#reportFork(envelope, hexOf(sibling))
    }
  }

  /** Stores what proves twins, each once and some of each origin at most, and reports them. As `store`. */
  async storeTwins (twins: readonly Twin[]): Promise<void> {
    const fresh = twins.filter(({ candidate: { envelope } }) => !this.hasTwin(envelope) && (this.#feeds.get(envelope.origin)?.twins ?? 0) < maxTwins)
    await this.store(fresh.map(({ candidate: { envelope } }) => ({ envelope, kind: 'twin' })))
    for (const { candidate: { envelope }, of } of fresh) this.#reportFork(envelope, of.candidate.id)
  }

  async close (): Promise<void> {
    await allDone([...this.#feeds.values()].map((feed) => feed.close()))
  }

  #compareLinks (): void {
    const links = [...this.#feeds.values()].map((feed) => feed.takeLinks())
    const heads = new Set(links.flatMap(({ heads }) => [...heads]))
    this.#lacksBase = links.some(({ deps }) => [...deps].some((dep) => !heads.has(dep)))
  }

  async #open (origin: Did): Promise<StateFeed> {
    await this.#context.disk.makeFolder(this.#folder)
    const feed = await StateFeed.open({ journal: this.#journal, part: 'state', origin }, this.#folder, this.#context, this.#accept)
    this.#feeds.set(origin, feed)
    return feed
  }

  async #split (batch: readonly Filed[]): Promise<{ feed: StateFeed, start: number, filed: Filed[] }[]> {
    const parts = new Map<Did, { feed: StateFeed, start: number, filed: Filed[] }>()
    for (const item of batch) {
      const { origin } = item.envelope
      const feed = this.#feeds.get(origin) ?? await this.#open(origin)
      const part = parts.get(origin)
      if (part === undefined) parts.set(origin, { feed, start: feed.records, filed: [item] })
      else part.filed.push(item)
    }
    return [...parts.values()]
  }

  #reportFork ({ id, origin, header: { seq } }: StateEnvelope, other: string): void {
    this.#context.forked({ feed: { journal: this.#journal, part: 'state', origin }, seq, ids: [other, hexOf(id)] })
  }
}

/** Waits for all of them, then rejects with the first failure if there was one. */
async function allDone (tasks: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(tasks)) if (result.status === 'rejected') throw result.reason
}
