import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable, table } from '../terminal.ts'

/** `akshi plugin list`: what the running node has loaded, and from where. */
export function addPluginList (plugin: Command, invocation: Invocation): void {
  plugin.command('list')
    .summary('show the plugins of the running node')
    .description('Shows the plugins that the running node has loaded, in the order of runtime.toml, and what each was loaded from.')
    .addHelpText('after', examples([['akshi plugin list', ''], ['akshi plugin list --json', '']], 'akshi config check'))
    .action(async () => {
      const { plugins } = await invocation.withNode((client) => client.status())
      const { terminal } = invocation
      terminal.result({ plugins }, () => {
        if (plugins.length === 0) return ['no plugins']
        const [header = '', ...lines] = table([['NAME', 'PACKAGE'], ...plugins.map(({ name, package: from }) => [printable(name), printable(from)])])
        return [terminal.style('dim', header), ...lines]
      })
    })
}
