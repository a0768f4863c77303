import { describeError, MeshError } from './errors.ts'
import type { LoadedPlugin } from './load-plugins.ts'
import type { PluginCradle, PluginParts } from './plugin.ts'

/** What a plugin's `setup` gave. */
export interface SetUpPlugin extends PluginParts {
  readonly name: string
  /** For errors: `plugin "mdns" (@akshi/plugin-mdns)`. */
  readonly title: string
}

/**
 * Calls each `setup`, in order, with what `cradleOf` gives for the plugin.
 *
 * @throws MeshError `MESH_PLUGIN_START_FAILED`.
 */
export function setUpPlugins (loaded: readonly LoadedPlugin[], cradleOf: (plugin: LoadedPlugin) => PluginCradle): readonly SetUpPlugin[] {
  return loaded.map((each) => {
    const { plugin, package: origin } = each
    const title = `plugin "${plugin.name}" (${origin})`
    const cradle = cradleOf(each)
    try {
      return { ...plugin.setup(cradle), name: plugin.name, title }
    } catch (cause) {
      throw new MeshError('MESH_PLUGIN_START_FAILED', `${title} failed in setup: ${describeError(cause)}`, { cause })
    }
  })
}
