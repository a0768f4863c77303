import type { CallTiming, PluginStatus } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { printable, table, type Terminal } from '../terminal.ts'

/** `akshi plugin list`: what the running node has loaded, from where, and what calls into it cost. */
export function addPluginList (plugin: Command, invocation: Invocation): void {
  plugin.command('list')
    .summary('show the plugins of the running node, with their taps and timings')
    .description('Shows the plugins that the running node has loaded, in the order of runtime.toml: what each was loaded from, whether it runs, what it gives, and below that its taps and what else of it is called, with what that has cost. MEAN is the time until there was an answer, BLOCKED the longest that one call has kept the whole node waiting.')
    .addHelpText('after', examples([['akshi plugin list', ''], ['akshi plugin list --json', '']], 'akshi config check'))
    .action(async () => {
      const { plugins } = await invocation.withNode((client) => client.status())
      invocation.terminal.result({ plugins }, () => describe(plugins, invocation.terminal))
    })
}

function describe (plugins: readonly PluginStatus[], terminal: Terminal): readonly string[] {
  if (plugins.length === 0) return ['no plugins']
  const failed = plugins.flatMap(({ reason }) => reason === undefined ? [] : ['', terminal.style('yellow', `${printable(reason.replace(/\.?$/, '.'))} Nothing of it runs.`)])
  const calls = plugins.flatMap(({ name, calls }) => calls.map((call) => callRow(name, call)))
  const timings = calls.length === 0 ? [] : ['', ...headed([['PLUGIN', 'CALL', 'COUNT', 'FAILED', 'MEAN', 'BLOCKED'], ...calls], terminal, [2, 3, 4, 5])]
  return [...headed([['NAME', 'STATE', 'GIVES', 'PACKAGE'], ...plugins.map(pluginRow)], terminal), ...failed, ...timings]
}

function pluginRow ({ name, package: from, state, required, parts, calls }: PluginStatus): readonly string[] {
  const gives = [...parts, ...calls.some(({ isTap }) => isTap) ? ['taps'] : []]
  return [printable(name), required ? `${state}, required` : state, gives.join(', ') || '-', printable(from)]
}

function callRow (plugin: string, { what, isTap, calls, failures, totalMs, longestBusyMs }: CallTiming): readonly string[] {
  return [printable(plugin), printable(isTap ? `tap ${what}` : what), String(calls), String(failures), calls === 0 ? '-' : millis(totalMs / calls), calls === 0 ? '-' : millis(longestBusyMs)]
}

function millis (ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
}

function headed (rows: readonly (readonly string[])[], terminal: Terminal, right?: readonly number[]): readonly string[] {
  const [header = '', ...lines] = table(rows, right)
  return [terminal.style('dim', header), ...lines]
}
