import { stat } from 'node:fs/promises'
import { describeError, isMeshError, loadPlugins, shellWord, type LoadedConfig } from '@akshi/core'
import type { Invocation } from '../invocation.ts'
import { failed, found, type LocalFinding } from './local-finding.ts'

/** Whether a node could start with its configuration and plugins, and the configuration if it can be read. */
export async function examineConfig (invocation: Invocation): Promise<{ readonly loaded?: LoadedConfig, readonly findings: readonly LocalFinding[] }> {
  try {
    const loaded = await invocation.loadConfig()
    return { loaded, findings: [...await findPluginProblems(invocation, loaded), ...await findShownToken(loaded)] }
  } catch (error) {
    const fix = isMeshError(error, 'MESH_CONFIG_NOT_FOUND') ? invocation.command('init') : editorAt(describeError(error))
    return { findings: [failed('config', error, fix)] }
  }
}

async function findPluginProblems (invocation: Invocation, loaded: LoadedConfig): Promise<LocalFinding[]> {
  const { path, config: { plugins }, written } = loaded
  try {
    await loadPlugins(plugins, { configDir: invocation.configDir(loaded), fallbackDir: import.meta.dirname, written })
    return [found('ok', 'config', path ?? 'there is no runtime.toml: defaults alone')]
  } catch (error) {
    return [failed('config', error, path === undefined || isMeshError(error, 'MESH_PLUGIN_NOT_FOUND') ? undefined : editor(path))]
  }
}

/** A token that stands in a file must be kept like one. */
async function findShownToken ({ path, origins, written }: LoadedConfig): Promise<LocalFinding[]> {
  if (path === undefined || process.platform === 'win32' || origins.get('dashboard.token') !== 'file' || written.has('dashboard.token')) return []
  const { mode } = await stat(path)
  return (mode & 0o077) === 0 ? [] : [found('warning', 'config', `${path} holds the token and can be read by others (mode ${(mode & 0o777).toString(8)})`, `chmod 600 ${shellWord(path)}`)]
}

/** Messages begin with the file and, for a slip in the TOML, the line. */
function editorAt (message: string): string | undefined {
  const [, file, line] = /^(.*?\.toml)(?::(\d+))?:/.exec(message) ?? []
  return file === undefined ? undefined : editor(file, line)
}

function editor (file: string, line?: string): string {
  // eslint-disable-next-line no-template-curly-in-string -- the shell's
  return ['${EDITOR:-vi}', ...line === undefined ? [] : [`+${line}`], shellWord(file)].join(' ')
}
