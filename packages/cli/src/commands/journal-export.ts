import { resolve } from 'node:path'
import { MeshError, readItems, writeExportFile } from '@akshi/core'
import type { Command } from 'commander'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { grouped, Progress, sized } from '../progress.ts'

/** `akshi journal export`: a journal as one portable file. */
export function addJournalExport (journal: Command, invocation: Invocation): void {
  journal.command('export')
    .summary('write a journal into one portable file')
    .description('Writes everything that the running node has of a journal into one file, signed as it is, for a backup or a node that no network reaches. The file is there whole or not at all.')
    .argument('<agent>', 'whose journal')
    .option('-o, --out <file>', 'default: AGENT.akshi-journal here')
    .addHelpText('after', examples([['akshi journal export notes', ''], ['akshi journal export notes -o /mnt/stick/notes', '']], 'akshi journal verify FILE, or import FILE on another node'))
    .action((agent: string, { out = `${agent}.akshi-journal` }: { readonly out?: string }) => exportJournal(invocation, agent, out))
}

async function exportJournal (invocation: Invocation, agent: string, out: string): Promise<void> {
  const { io, terminal, options } = invocation
  const path = resolve(io.cwd, out)
  const stop = io.interruption()
  const progress = new Progress(io.stderr, io.clock, options.json)
  const written = await invocation.withNode(async (client) => {
    const { mesh } = await client.status()
    if (!(await client.journals()).some(({ name }) => name === agent)) throw new MeshError('MESH_REQUEST_INVALID', `There is no journal "${agent}" on this node. See: akshi journal list`)
    const header = { mesh: mesh.id, journal: agent, exportedAt: new Date(io.clock.now()).toISOString() }
    const items = readItems(shown(client.exportItems(agent, stop), progress))
    return await writeExportFile(path, header, items, stop)
  }).finally(() => progress.end())
  terminal.result({ journal: agent, file: path, ...written }, () => [
    `exported ${agent}: ${grouped(written.items)} items, ${sized(written.bytes)}, to ${out}`, `Next: akshi journal verify ${out}`
  ])
}

async function * shown (chunks: AsyncIterable<Uint8Array>, progress: Progress): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    progress.show(() => `exported ${sized(bytes)}, ${sized(bytes / Math.max(progress.secs, 0.001))}/s`)
    yield chunk
  }
}
