import {
  Checks, configurePlugins, HttpRoutes, PeerCalls, silentLogger, systemClock, systemRandom, Tunnels, type Announcement, type Clock, type Cradle, type Identity, type NodeControl, type Plugin,
  type PluginHooks, type PluginParts, type SignedAnnouncement, type Timer
} from '@akshi/core'
import { meshId } from './material.ts'
import { plainAnnouncement, sign } from './signed-announcement.ts'

export interface PluginHomeOptions {
  readonly plugin: Plugin
  readonly config?: Readonly<Record<string, unknown>> | undefined
  readonly identity: Identity
  /** Folder of the node. */
  readonly home: string
  /** Default: the system's. */
  readonly clock?: Clock | undefined
}

type Assemble = (announcement: Announcement) => Announcement

/**
 * One plugin set up as a node would, with no node around it: checked configuration, a free port of loopback, and what the
 * cradle has. It has no journals: `control` throws, and only the hook `assembleAnnouncement` ever fires.
 */
export class PluginHome {
  readonly parts: PluginParts
  readonly #identity: Identity
  readonly #clock: CountingClock
  readonly #assemblers: Assemble[] = []
  #seq = 0

  constructor ({ plugin, config = {}, identity, home, clock = systemClock }: PluginHomeOptions) {
    this.#identity = identity
    this.#clock = new CountingClock(clock)
    const [loaded] = configurePlugins([{ plugin, config }])
    this.parts = plugin.setup({ ...this.#cradle(home), config: loaded?.config ?? {} })
  }

  /** What the node would announce now. */
  announcement (): SignedAnnouncement {
    const assembled = this.#assemblers.reduce((announcement, assemble) => assemble(announcement), plainAnnouncement(this.#identity, ++this.#seq))
    return sign(this.#identity, assembled)
  }

  /** Timers of its clock that have neither fired nor been cancelled. */
  leftovers (): readonly string[] {
    const { pending } = this.#clock
    return pending === 0 ? [] : [`${pending} timers of the clock`]
  }

  #cradle (home: string): Cradle {
    const identity = this.#identity
    return {
      identity,
      clock: this.#clock,
      random: systemRandom,
      logger: silentLogger,
      settings: { name: 'conformance', home, meshId, version: '0.0.0', configDir: home, agents: [], dashboard: { port: 0, bind: '127.0.0.1', token: 'token', auth: true, remote: false, rateLimitPerMinute: 6_000, rateLimitBurst: 1_000 } },
      hooks: this.#hooks(),
      peerBook: { get: () => undefined, all: () => [], trusts: () => false },
      announcer: { current: () => this.announcement(), refresh: () => {}, reduced: () => this.announcement() },
      control: new Proxy({}, { get: (_target, name) => () => { throw new TypeError(`control.${String(name)} needs a node: test that part of the plugin in one`) } }) as NodeControl,
      httpRoutes: new HttpRoutes(),
      tunnels: new Tunnels(),
      peerCalls: new PeerCalls(),
      writes: { isGuarded: false, ask: async () => {} },
      messages: { send: async () => ({ handing: 'held', recall: () => true }), receive: () => () => {} },
      checks: new Checks(this.#clock)
    }
  }

  #hooks (): PluginHooks {
    const ignored = { tap: () => {}, tapPromise: () => {}, tapAsync: () => {} }
    const assembleAnnouncement = { tap: (_name: unknown, assemble: Assemble) => { this.#assemblers.push(assemble) } }
    return new Proxy({}, { get: (_target, name) => name === 'assembleAnnouncement' ? assembleAnnouncement : ignored }) as PluginHooks
  }
}

/** A clock that knows how many of its timers wait. */
class CountingClock implements Clock {
  readonly #clock: Clock
  readonly #pending = new Set<object>()

  constructor (clock: Clock) {
    this.#clock = clock
  }

  get pending (): number { return this.#pending.size }
  now (): number { return this.#clock.now() }
  monotonic (): number { return this.#clock.monotonic() }

  timer (delayMs: number, run: () => void): Timer {
    const timer = this.#clock.timer(delayMs, () => {
      this.#pending.delete(timer)
      run()
    })
    this.#pending.add(timer)
    return { cancel: () => { this.#pending.delete(timer); timer.cancel() } }
  }

  async sleep (delayMs: number, signal?: AbortSignal): Promise<void> {
    const mark = {}
    this.#pending.add(mark)
    try {
      await this.#clock.sleep(delayMs, signal)
    } finally {
      this.#pending.delete(mark)
    }
  }
}
