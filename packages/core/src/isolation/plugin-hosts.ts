import type { PluginStatus } from '../control/node-status.ts'
import { describeError, isMeshError, MeshError } from '../errors.ts'
import type { Lifecycle, Part } from '../lifecycle.ts'
import type { LoadedPlugin } from '../load-plugins.ts'
import type { Logger } from '../logger.ts'
import type { PluginCradle } from '../plugin.ts'
import type { BulkheadOptions } from './bulkhead.ts'
import { blame, core } from './blame.ts'
import { PluginHost } from './plugin-host.ts'
import type { Stall } from './stall-watcher.ts'

export interface PluginHostsOptions extends Omit<BulkheadOptions, 'name' | 'title'> {
  readonly lifecycle: Pick<Lifecycle, 'drop'>
  /** Called when a plugin is out: nothing must go through it any more. */
  readonly left: (name: string) => void
  /** Called when a required plugin has failed: the node cannot go on. */
  readonly fatal: (error: MeshError) => void
}

/** What stands in runtime.toml is for its writer to mend, whoever finds out: a node does not start with half of it. */
function isMistake (error: unknown): boolean {
  return isMeshError(error, 'MESH_CONFIG_INVALID')
}

/** All plugins of a node. One that fails is taken out: named, closed, its parts stopped; the node goes on without it unless it is required. */
export class PluginHosts {
  readonly #options: PluginHostsOptions
  readonly #hosts: readonly PluginHost[]
  readonly #logger: Logger

  constructor (plugins: readonly LoadedPlugin[], options: PluginHostsOptions) {
    this.#options = options
    this.#hosts = plugins.map((plugin) => new PluginHost(plugin, options))
    this.#logger = options.logger
  }

  /** Those that run. */
  get running (): readonly PluginHost[] {
    return this.#hosts.filter(({ bulkhead }) => !bulkhead.isClosed)
  }

  /**
   * Calls each `setup`, in order, with what `cradleOf` gives for it.
   *
   * @throws MeshError as `PluginHost.setUp`, of one that is required.
   */
  setUp (cradleOf: (host: PluginHost) => PluginCradle): void {
    for (const host of this.#hosts) {
      try {
        host.setUp(cradleOf(host))
      } catch (error) {
        if (host.isRequired || isMistake(error)) throw error
        this.#close(host, error as MeshError)
        host.clock.end()
      }
    }
  }

  /** A part of a plugin, which fails alone unless the plugin is required. */
  part (host: PluginHost, { start, stop }: Pick<Part, 'start' | 'stop'>): Part {
    const part: Part = {
      name: host.title,
      start: async (signal) => {
        if (host.bulkhead.isClosed) return
        host.started.push(part)
        await start(signal)
      },
      stop,
      ...!host.isRequired && { contain: (error: MeshError) => this.#contain(host, error) }
    }
    return part
  }

  /**
   * Takes an error that nobody caught. Returns false when it did not come from a plugin. Otherwise the plugin is out: what it left
   * undone nobody knows.
   */
  take (error: unknown): boolean {
    const host = blame(error, this.#hosts)
    if (host === undefined) return false
    if (host.bulkhead.isClosed) this.#logger.warnOnce(`${host.name} ${describeError(error)}`, `what is left of ${host.title} still throws`, { error: describeError(error) })
    else this.#outlaw(host, error)
    return true
  }

  /** What nobody caught leaves a plugin in a state that nobody knows. */
  #outlaw (host: PluginHost, error: unknown): void {
    const failure = new MeshError('MESH_PLUGIN_FAILED', `${host.title} failed: nobody caught what it threw: ${describeError(error)}`, { cause: error })
    this.#logger.error(failure.message, { stack: error instanceof Error ? error.stack : undefined })
    if (host.isRequired) this.#options.fatal(failure)
    else void this.#fail(host, failure)
  }

  /** Where code is, for one who asks whose a line of it is. */
  get places (): readonly { readonly place: string, readonly plugin?: string }[] {
    return [{ place: core }, ...this.#hosts.flatMap(({ name, loaded: { place } }) => place === undefined ? [] : [{ place, plugin: name }])]
  }

  /** The event loop stood still, in the code of a plugin or not. */
  stalled ({ ms, plugin, frames }: Stall): void {
    const { notices } = this.#options
    const title = this.#hosts.find(({ name }) => name === plugin)?.title
    this.#logger.warn('the event loop stood still', { ms, plugin, frames })
    if (title !== undefined) notices.add('MESH_PLUGIN_BLOCKED', `${title} keeps the whole node waiting, for more than a second at a stretch: ${frames[0] ?? ''}`)
  }

  status (droppedOf: (source: string) => number): readonly PluginStatus[] {
    return this.#hosts.map((host) => host.status(droppedOf(host.name)))
  }

  /** Ends what plugins have left running when they had been stopped, as far as it can be seen. */
  close (): void {
    for (const { clock, title, bulkhead } of this.#hosts) {
      const left = clock.end()
      if (left > 0 && !bulkhead.isClosed) this.#logger.warn(`${title} left ${left} timer${left === 1 ? '' : 's'} running when it had stopped`)
    }
  }

  async #contain (host: PluginHost, failure: MeshError): Promise<void> {
    if (isMistake(failure)) throw failure
    await this.#fail(host, failure)
  }

  async #fail (host: PluginHost, failure: MeshError): Promise<void> {
    if (!this.#close(host, failure)) return
    const { lifecycle, left } = this.#options
    left(host.name)
    for (const part of host.started.splice(0).reverse()) {
      await lifecycle.drop(part).catch((error: unknown) => this.#logger.error(describeError(error)))
    }
    host.clock.end()
  }

  /** Returns whether it was open. */
  #close (host: PluginHost, failure: MeshError): boolean {
    if (host.bulkhead.isClosed) return false
    const reason = failure.message.includes(host.title) ? failure.message : `${host.title} failed to start: ${failure.message}`
    host.bulkhead.close(reason)
    this.#options.notices.add(failure.code, `${reason.replace(/\.?$/, '.')} The node runs without it until it is started anew`)
    return true
  }
}
