import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { homePaths, MeshError, readExportFile, verifyHome, verifyItems, type BadRecord, type Verification, type VerifiedCount } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { grouped, Progress, sized } from '../progress.ts'
import { printable } from '../terminal.ts'

interface Check {
  /** What is checked, for people. */
  readonly what: string
  readonly run: (progress: (count: () => VerifiedCount) => void) => Promise<Verification>
  readonly failure: (bad: string) => MeshError
}

/** `akshi journal verify`: every signature, chain and head, again. */
export function addJournalVerify (journal: Command, invocation: Invocation): void {
  journal.command('verify')
    .summary('check every signature, chain and head again')
    .description('Reads journals where they are kept, or a file that "export" made, and checks everything again: signatures, chains, that each change is the one that was signed, the documents of all segments. Names the first bad record. Needs no running node, changes nothing, and may be run beside one. Exit code 7 when a journal is damaged, 9 when a file is.')
    .argument('[agent-or-file]', 'a journal, or an exported file; default: all journals of this home')
    .addHelpText('after', examples([
      ['akshi journal verify', 'all journals of this home'],
      ['akshi journal verify notes', ''],
      ['akshi journal verify ./notes.akshi-journal', 'also on a machine that has no node']
    ]))
    .action(async (target: string | undefined) => verify(invocation, await checkOf(invocation, target)))
}

async function checkOf (invocation: Invocation, target: string | undefined): Promise<Check> {
  const path = resolve(invocation.io.cwd, target ?? '')
  if (target !== undefined && (target.includes('/') || await isFile(path))) return await checkFile(path)
  const { config: { node, mesh } } = await invocation.loadConfig()
  const { journals } = homePaths(node.home, mesh.id)
  return {
    what: target ?? `the journals in ${journals}`,
    run: (progress) => verifyHome(journals, mesh.id, { progress, ...target !== undefined && { journal: target } }),
    failure: (bad) => new MeshError('MESH_JOURNAL_DAMAGED', `${bad} Start the node again: what is damaged is set aside, and peers send it again. Check the disk.`)
  }
}

async function checkFile (path: string): Promise<Check> {
  const file = await readExportFile(path)
  const { mesh, journal } = file.header
  return {
    what: `${path} (${journal}, mesh "${printable(mesh)}")`,
    run: (progress) => verifyItems(file.items(), mesh, { progress, expected: { journal } }),
    failure: (bad) => new MeshError('MESH_ENVELOPE_INVALID', `${bad} Export the journal again, or take another copy of the file.`)
  }
}

async function verify (invocation: Invocation, { what, run, failure }: Check): Promise<void> {
  const { io, terminal, options } = invocation
  const progress = new Progress(io.stderr, io.clock, options.json)
  const found = await run((count) => progress.show(() => describeRun(count(), progress.secs))).finally(() => progress.end())
  if (found.bad !== undefined) throw failure(describeBad(found.bad, found))
  const { journals, origins, ...rest } = found
  terminal.result({ ok: true, journals: [...journals], origins: [...origins], ...rest }, () => [
    `${what}:`,
    `${describeCount(found)}: ${terminal.style('green', 'all good')}`,
    ...found.forks > 0 ? [`forked: ${plural(found.forks, 'path')} beside the first; the entries of all count`] : [],
    ...found.notes.map((note) => `note: ${printable(note)}`)
  ])
}

function describeCount ({ origins, envelopes, snapshots, entries }: VerifiedCount): string {
  return [plural(origins.size, 'origin'), plural(envelopes, 'envelope'), plural(snapshots, 'snapshot'), plural(entries, 'entry', 'entries')].join(', ')
}

function describeRun (count: VerifiedCount, secs: number): string {
  return `verified ${plural(count.entries, 'entry', 'entries')}, ${sized(count.bytes)}, ${grouped(count.entries / Math.max(secs, 0.001))}/s`
}

function describeBad ({ file, record, feed, seq, reason }: BadRecord, before: VerifiedCount): string {
  const place = record === undefined ? file : `${file}, record ${record}`
  const whose = feed === undefined ? '' : ` (${feed.part} of "${feed.journal}" by ${feed.origin}${seq === undefined ? '' : `, envelope ${seq}`})`
  return `${place}${whose}: ${reason}. Good before it: ${describeCount(before)}.`
}

function plural (count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

async function isFile (path: string): Promise<boolean> {
  return await stat(path).then((found) => found.isFile(), () => false)
}
