import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Identity, Plugin } from '@akshi/core'
import { PluginHome } from './plugin-home.ts'

/** Where one case takes place: a folder of its own, empty. */
export interface Place {
  readonly folder: string
}

/** How the ends of one case are made from a plugin. */
export interface PluginSetting {
  /** The plugin, or the plugin of the n-th end, counted from 1. */
  readonly plugin: Plugin | ((identity: Identity, number: number) => Plugin)
  /** Its configuration; defaults are applied and it is checked. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Virtual time, with the way to move it on, for what does no real input or output. Default: the system's. */
  readonly clock?: Clock
  readonly advance?: (ms: number) => Promise<void>
  /** What is still open, by name, of things that only the plugin's port to the outside knows. Asked after all have stopped. */
  readonly leftovers?: () => readonly string[]
}

/** A `Place` in the folder of the system for temporary files, and the homes of the ends in it. */
export class World {
  readonly place: Place
  readonly #setting: PluginSetting
  #count = 0

  private constructor (place: Place, setting: PluginSetting) {
    this.place = place
    this.#setting = setting
  }

  static async open (open: (place: Place) => PluginSetting | Promise<PluginSetting>): Promise<World> {
    const place = { folder: await mkdtemp(join(tmpdir(), 'akshi-conformance-')) }
    return new World(place, await open(place))
  }

  get advance (): PluginSetting['advance'] { return this.#setting.advance }
  get leftovers (): readonly string[] { return this.#setting.leftovers?.() ?? [] }

  /** Sets the plugin up once more. */
  async setUp (identity: Identity): Promise<{ readonly home: PluginHome, readonly number: number }> {
    const { plugin, config, clock } = this.#setting
    const number = ++this.#count
    const home = join(this.place.folder, `home-${number}`)
    await mkdir(home)
    return { number, home: new PluginHome({ plugin: typeof plugin === 'function' ? plugin(identity, number) : plugin, config, identity, home, clock }) }
  }

  async close (): Promise<void> {
    await rm(this.place.folder, { recursive: true, force: true })
  }
}
