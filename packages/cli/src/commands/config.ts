import { loadPlugins } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'

/** `akshi config check`: says whether the node would accept its configuration. Starts nothing. */
export function addConfig (program: Command, invocation: Invocation): void {
  const config = program.command('config').summary('check runtime.toml').description('Work with runtime.toml.')
  config.command('check')
    .summary('find every problem in runtime.toml')
    .description('Reads the configuration as "akshi run" would (defaults, runtime.toml, environment), loads its plugins and checks theirs. Starts nothing. Shows all problems at once.')
    .addHelpText('after', examples([['akshi config check', ''], ['akshi config check -c ./runtime.toml', 'a certain file']], 'akshi run'))
    .action(async () => {
      const loaded = await invocation.loadConfig()
      const { path, config: { node, plugins } } = loaded
      await loadPlugins(plugins, { configDir: invocation.configDir(loaded), fallbackDir: import.meta.dirname, written: loaded.written })
      const names = plugins.map((plugin) => plugin.package)
      invocation.terminal.result({ ok: true, path: path ?? null, name: node.name, home: node.home, plugins: names }, () => [
        `${path ?? 'no runtime.toml, defaults alone'}: OK`,
        `node "${node.name}" in ${node.home}, plugins: ${names.join(', ') || 'none'}`
      ])
    })
}
