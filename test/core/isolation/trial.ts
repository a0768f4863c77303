import { join } from 'node:path'
import { createNode, definePlugin, ensureIdentity, homePaths, NoConfig, type NodeStatus, type Plugin, type PluginCradle, type PluginParts, type PluginStatus, type Runtime } from '@akshi/core'
import { MemoryNetwork, quiesce, seededRandom, VirtualClock } from '@akshi/testkit'
import { lineLogger } from '../../support/line-logger.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

export interface TrialOptions {
  readonly required?: boolean
  /** Do not wait for the start. */
  readonly isStarting?: boolean
  /** How far time has moved in a call of the bad plugin, to look busy. */
  readonly clock?: VirtualClock
}

/** An error whose stack begins in the code of the bad plugin. */
export function uncaughtError (file = '/plugins/bad/index.js'): Error {
  return Object.assign(new Error('out of coffee'), { stack: `Error: out of coffee\n    at brew (${file}:1:2)` })
}

/** A plugin that misbehaves. */
export function badPlugin (setup: (cradle: PluginCradle) => PluginParts): Plugin {
  return definePlugin({ name: 'bad', apiVersion: 1, config: NoConfig, setup })
}

/** Two nodes with a network in memory; the first has a bad plugin too, loaded before all others. */
export class Trial implements AsyncDisposable {
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  readonly lines: string[]
  readonly #logger = lineLogger('warn')
  readonly #folder: AsyncDisposable
  #nodes: Runtime[] = []

  constructor (clock: VirtualClock, folder: AsyncDisposable) {
    this.clock = clock
    this.network = new MemoryNetwork({ clock, random: seededRandom(1) })
    this.lines = this.#logger.lines
    this.#folder = folder
  }

  static async begin (setup: (cradle: PluginCradle) => PluginParts, { required = false, isStarting = false, clock = new VirtualClock() }: TrialOptions = {}): Promise<Trial> {
    const folder = await temporaryFolder()
    const trial = new Trial(clock, folder)
    await trial.#add(join(folder.path, 'alpha'), [{ plugin: badPlugin(setup), required, place: '/plugins/bad' }])
    await trial.#add(join(folder.path, 'beta'), [])
    if (!isStarting) await trial.start()
    return trial
  }

  get alpha (): Runtime { return this.#nodes[0] as Runtime }
  get beta (): Runtime { return this.#nodes[1] as Runtime }
  get status (): NodeStatus { return this.alpha.control.status() }
  get bad (): PluginStatus { return this.status.plugins[0] as PluginStatus }
  get notices (): readonly string[] { return this.status.notices.map(({ code, message }) => `${code} ${message}`) }

  async start (): Promise<void> {
    for (const node of this.#nodes) await this.within(30_000, node.start())
  }

  /** What a promise gives, as virtual time goes on; the disk is a real one, and waited for. */
  async within<Result> (ms: number, promise: Promise<Result>): Promise<Result> {
    let isOver = false
    const ended = promise.finally(() => { isOver = true })
    ended.catch(() => {})
    await this.#pass(() => isOver, ms)
    if (!isOver) throw new Error(`not settled after ${ms} ms`)
    return await ended
  }

  /** Lets time pass until something holds. */
  async until (holds: () => boolean, ms = 60_000): Promise<void> {
    await this.#pass(holds, ms)
    if (!holds()) throw new Error(`does not hold after ${ms} ms: ${holds.toString()}\n${JSON.stringify(this.status.plugins[0])}\n${this.lines.join('\n')}`)
  }

  async #pass (isOver: () => boolean, ms: number): Promise<void> {
    const end = this.clock.monotonic() + ms
    for (await quiesce(); !isOver() && this.clock.monotonic() < end; await quiesce()) this.clock.fireNext(end)
  }

  /** Whether the node still does what it is for: an entry of it reaches the other. */
  async works (): Promise<boolean> {
    const before = this.#entries
    await this.within(20_000, this.alpha.control.append('proof', [{ body: before }]))
    await this.until(() => this.#entries > before)
    return true
  }

  get #entries (): number {
    return this.beta.control.journals().find(({ name }) => name === 'proof')?.entries ?? 0
  }

  /** Stops the node with the bad plugin. Resolves to what that says. */
  async stop (): Promise<string> {
    return await this.within(60_000, this.alpha.stop().then(() => '', (error: unknown) => String(error)))
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const node of this.#nodes) await this.within(60_000, node.stop().catch(() => {}))
    await this.#folder[Symbol.asyncDispose]()
  }

  async #add (home: string, plugins: readonly { readonly plugin: Plugin, readonly required: boolean, readonly place: string }[]): Promise<void> {
    const { clock, network } = this
    const { identity: { did } } = await ensureIdentity(homePaths(home).key)
    const settings = { 'mesh.trust': 'open' }
    const logger = plugins.length > 0 ? { logger: this.#logger.logger } : {}
    this.#nodes.push(await createNode({ home, settings, clock, random: seededRandom(2), ...logger, plugins: [...plugins, { plugin: network.transport(did), required: true }, { plugin: network.discovery(did), required: true }] }))
  }
}
