import type { PluginStatus } from '../control/node-status.ts'
import { describeError, isMeshError, MeshError, meshErrorCodes } from '../errors.ts'
import type { Part } from '../lifecycle.ts'
import type { LoadedPlugin } from '../load-plugins.ts'
import type { PluginCradle, PluginParts } from '../plugin.ts'
import { Bulkhead, type BulkheadOptions } from './bulkhead.ts'
import { guardParts } from './guarded-parts.ts'
import { PluginClock } from './plugin-clock.ts'
import { TapGuard } from './tap-guard.ts'

/** One plugin of a node: its bulkhead, what it gave, and which parts of it run. */
export class PluginHost {
  readonly loaded: LoadedPlugin
  readonly bulkhead: Bulkhead
  readonly clock: PluginClock
  readonly taps: TapGuard
  parts: PluginParts = {}
  /** In the order of their start. */
  readonly started: Part[] = []

  constructor (loaded: LoadedPlugin, options: Omit<BulkheadOptions, 'name' | 'title'>) {
    const { plugin: { name }, package: origin } = loaded
    this.loaded = loaded
    this.bulkhead = new Bulkhead({ ...options, name, title: `plugin "${name}" (${origin})` })
    this.clock = new PluginClock(options.clock, this.bulkhead)
    this.taps = new TapGuard(this.bulkhead, options.clock)
  }

  get name (): string { return this.bulkhead.name }
  get title (): string { return this.bulkhead.title }
  get isRequired (): boolean { return this.loaded.required }

  /**
   * Calls `setup`. What it throws that is one of core's own codes is passed on.
   *
   * @throws MeshError `MESH_PLUGIN_START_FAILED`.
   */
  setUp (cradle: PluginCradle): void {
    try {
      this.parts = guardParts(this.loaded.plugin.setup(cradle), this.bulkhead, cradle.clock)
    } catch (cause) {
      throw startFailed(`${this.title} failed in setup`, cause)
    }
  }

  status (dropped: number): PluginStatus {
    const { reason } = this.bulkhead
    return {
      name: this.name,
      package: this.loaded.package,
      state: reason === undefined ? 'running' : 'failed',
      ...reason !== undefined && { reason },
      required: this.isRequired,
      parts: Object.keys(this.parts),
      calls: this.bulkhead.meter.all(),
      candidatesDropped: dropped
    }
  }
}

/** What an operator can mend keeps its code; everything else is the plugin's failure. */
export function startFailed (what: string, cause: unknown): MeshError {
  const isKnown = isMeshError(cause) && cause.code !== 'MESH_TIMEOUT' && (meshErrorCodes as readonly string[]).includes(cause.code)
  return isKnown ? cause : new MeshError('MESH_PLUGIN_START_FAILED', `${what}: ${describeError(cause)}`, { cause })
}
