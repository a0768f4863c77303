import { configLines, loadPlugins, type ConfigLine, type LoadedConfig, type LoadedPlugin } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable, table } from '../terminal.ts'

/** `akshi config check` says whether the node would accept its configuration, `akshi config show` what it comes to. Neither starts anything. */
export function addConfig (program: Command, invocation: Invocation): void {
  const config = program.command('config').summary('check runtime.toml, or show what it comes to').description('Work with runtime.toml.')
  config.command('check')
    .summary('find every problem in runtime.toml')
    .description('Reads the configuration as "akshi run" would (defaults, runtime.toml, environment), loads its plugins and checks theirs. Starts nothing. Shows all problems at once.')
    .addHelpText('after', examples([['akshi config check', ''], ['akshi config check -c ./runtime.toml', 'a certain file']], 'akshi run'))
    .action(async () => {
      const loaded = await invocation.loadConfig()
      const { path, config: { node, plugins } } = loaded
      await pluginsOf(loaded, invocation)
      const names = plugins.map((plugin) => plugin.package)
      invocation.terminal.result({ ok: true, path: path ?? null, name: node.name, home: node.home, plugins: names }, () => [
        `${path ?? 'no runtime.toml, defaults alone'}: OK`,
        `node "${node.name}" in ${node.home}, plugins: ${names.join(', ') || 'none'}`
      ])
    })
  config.command('show')
    .summary('show every value, and with --origin where it is from')
    .description('Shows the configuration that "akshi run" would have: defaults, runtime.toml and environment laid over each other, with the keys of the plugins. Secrets that are written out are not shown. Starts nothing.')
    .option('--origin', 'also show where each value is from')
    .addHelpText('after', examples([['akshi config show', ''], ['akshi config show --origin', 'default, file or variable of each']], 'akshi config check'))
    .action(async ({ origin = false }: { readonly origin?: boolean }) => {
      const loaded = await invocation.loadConfig()
      const lines = configLines(loaded, await pluginsOf(loaded, invocation))
      const values = Object.fromEntries(lines.map(({ path, ...rest }) => [path, rest]))
      invocation.terminal.result({ path: loaded.path ?? null, values }, () => origin
        ? table(lines.map((line) => [shown(line), `# ${originOf(line, loaded)}`]))
        : lines.map(shown))
    })
}

async function pluginsOf (loaded: LoadedConfig, invocation: Invocation): Promise<readonly LoadedPlugin[]> {
  return await loadPlugins(loaded.config.plugins, { configDir: invocation.configDir(loaded), fallbackDir: import.meta.dirname, written: loaded.written })
}

function shown ({ path, value, isSecret }: ConfigLine): string {
  return printable(`${path} = ${isSecret ? '(not shown)' : JSON.stringify(value)}`)
}

function originOf ({ origin, variable }: ConfigLine, { path = '' }: LoadedConfig): string {
  return origin === 'file' ? printable(path) : variable ?? origin
}
