import type { Command } from 'commander'
import type { Invocation } from '../invocation.ts'
import { examples } from '../guide.ts'
import { addPluginList } from './plugin-list.ts'
import { addPluginNew } from './plugin-new.ts'
import { addPluginTest } from './plugin-test.ts'

/** `akshi plugin`: writing plugins, and what a running node has loaded. */
export function addPlugin (program: Command, invocation: Invocation): void {
  const plugin = program.command('plugin')
    .summary('write a plugin, test it, list what is loaded')
    .description('For those who write plugins: a package to begin with, and a score card. "list" shows what a running node has loaded.')
    .addHelpText('after', examples([['akshi plugin new akshi-pigeon --kind transport', ''], ['akshi plugin test ./akshi-pigeon', ''], ['akshi plugin list', '']], 'docs/plugin-authors.md'))
  for (const add of [addPluginNew, addPluginTest, addPluginList]) add(plugin, invocation)
}
