import { Option, type Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { pluginKinds, writePlugin, type PluginKind } from '../plugin/scaffold.ts'
import { version } from '../version.ts'

/** `akshi plugin new`: a package to begin with. */
export function addPluginNew (plugin: Command, invocation: Invocation): void {
  plugin.command('new')
    .summary('write a package with a plugin that works')
    .description('Writes a package with a plugin that works, keeps the promises of its kind and can be published, into a new folder here. Never overwrites.')
    .argument('<name>', 'what to call the package: akshi-pigeon or @you/akshi-pigeon')
    .addOption(new Option('--kind <kind>', 'what the plugin is to do').choices(pluginKinds).makeOptionMandatory())
    .addHelpText('after', examples([
      ['akshi plugin new akshi-pigeon --kind transport', 'carries envelopes: begins with a shared folder'],
      ['akshi plugin new akshi-phonebook --kind discovery', 'finds peers: begins with a list in a folder'],
      ['akshi plugin new akshi-greeter --kind hooks', 'taps hooks, adds no part']
    ], 'npm install && npm test, in the new folder'))
    .action(async (name: string, { kind }: { readonly kind: PluginKind }) => {
      const { folder, files } = await writePlugin({ name, kind, into: invocation.io.cwd, version })
      invocation.terminal.result({ folder, kind, files }, () => [...files.map((file) => `made  ${file}`), '', `Next: cd ${folder} && npm install && npm test`])
    })
}
