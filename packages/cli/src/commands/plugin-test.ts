import { resolve } from 'node:path'
import type { Command } from 'commander'
import { parseCount } from '../arguments.ts'
import { EndedWith } from '../exit-codes.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { checkNode } from '../plugin/node-run.ts'
import { checkPackage, type Line } from '../plugin/package-checks.ts'
import { PluginFolder } from '../plugin/plugin-folder.ts'
import { checkPromises, untriedPromises } from '../plugin/promises.ts'
import { describeCard, describeLine, makeCard, type ScoreCard } from '../plugin/score-card.ts'
import { printable } from '../terminal.ts'

interface TestOptions {
  readonly seed: number
}

/** `akshi plugin test`: conformance, faults and packaging, on one card. */
export function addPluginTest (plugin: Command, invocation: Invocation): void {
  plugin.command('test')
    .summary('score a plugin: promises, faults, packaging')
    .description('Plays the conformance cases and a fault profile of @akshi/testkit with the subject that "akshi.conformance" in its package.json names, and looks at what its package needs. Runs the code of the plugin. Exit code 6 unless all is good.')
    .argument('<path>', 'the folder of its package')
    .option('--seed <n>', 'of the fault profile', parseCount, 1)
    .addHelpText('after', examples([['akshi plugin test .', ''], ['akshi plugin test ./akshi-pigeon --seed 7 --json', 'other faults, as one document']], 'docs/plugin-authors.md has the promises'))
    .action(async (path: string, options: TestOptions) => {
      const card = await score(invocation, resolve(invocation.io.cwd, path), options)
      invocation.terminal.result(card, () => describeCard(card).map(printable))
      if (!card.ok) throw new EndedWith(6)
    })
}

async function score (invocation: Invocation, path: string, { seed }: TestOptions): Promise<ScoreCard> {
  const folder = await PluginFolder.open(path)
  const { manifest } = folder
  const plugin = await folder.plugin()
  const show = (line: Line) => invocation.hint(printable(describeLine(line)))
  const needs = checkPackage(manifest, plugin, await folder.readme())
  needs.forEach(show)
  const { subject, config, skipped } = await folder.conformance()
  const common = { name: plugin.name, manifest, subject, needs, skipped }
  if (skipped !== undefined) return makeCard({ ...common, promises: [], faults: undefined })
  if (subject === undefined) {
    const promises = await checkNode(plugin, config)
    promises.forEach(show)
    return makeCard({ ...common, promises, faults: undefined })
  }
  const kit = await folder.kit()
  const promises = await checkPromises(kit, subject, show)
  const untried = untriedPromises(kit, subject)
  const faults = await kit.faultProfile(subject, { seed })
  faults.problems.forEach((problem) => show({ what: `faults (seed ${seed})`, problem }))
  return makeCard({ ...common, promises, untried, faults })
}
