import { resolve } from 'node:path'
import { MeshError, readExportFile, type ExportFile } from '@akshi/core'
import type { Command } from 'commander'
import type { ApiClient, ImportResult } from '../api-client.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { bar, grouped, Progress } from '../progress.ts'
import { printable } from '../terminal.ts'

const maxBatchBytes = 4 << 20
const maxBatchItems = 1_000

/** `akshi journal import`: takes in a file that `export` made. */
export function addJournalImport (journal: Command, invocation: Invocation): void {
  journal.command('import')
    .summary('take in a file that "export" made')
    .description('Gives everything in an exported file to the running node, which takes it as if a peer had brought it: signatures decide, and who is trusted. Doing it again is harmless. A file that is not whole is refused before anything is taken in.')
    .argument('<file>', 'a file that "akshi journal export" made')
    .addHelpText('after', examples([['akshi journal import notes.akshi-journal', '']], 'what waits for trust is taken in by "akshi trust"'))
    .action((file: string) => importJournal(invocation, file))
}

async function importJournal (invocation: Invocation, name: string): Promise<void> {
  const { io, terminal, options } = invocation
  const file = await readExportFile(resolve(io.cwd, name))
  const count = await countItems(file)
  const progress = new Progress(io.stderr, io.clock, options.json)
  const result = await invocation.withNode(async (client) => {
    await checkMesh(client, file, name)
    return await importAll(client, file, (done) => progress.show(() => `${bar(done / count)}  ${grouped(done)} of ${grouped(count)} items`))
  }).finally(() => progress.end())
  terminal.result({ journal: file.header.journal, items: count, ...result }, () => describe(file.header.journal, count, result))
  checkResult(result)
}

/** Reads the file to its end, which shows that it is whole. */
async function countItems (file: ExportFile): Promise<number> {
  let count = 0
  for await (const { record } of file.items()) count = record + 1
  return count
}

async function checkMesh (client: ApiClient, { header }: ExportFile, name: string): Promise<void> {
  const { mesh } = await client.status()
  if (mesh.id === header.mesh) return
  throw new MeshError('MESH_REQUEST_INVALID', `${name} belongs to the mesh "${header.mesh}", and this node to "${mesh.id}". Journals stay in their mesh.`)
}

async function importAll (client: ApiClient, file: ExportFile, show: (done: number) => void): Promise<ImportResult> {
  let result: ImportResult = { stored: 0, duplicate: 0, others: [] }
  let done = 0
  for await (const batch of batchesOf(file)) {
    result = add(result, await client.importItems(batch))
    show(done += batch.length)
  }
  return result
}

async function * batchesOf (file: ExportFile): AsyncGenerator<readonly Uint8Array[]> {
  let batch: Uint8Array[] = []
  let size = 0
  for await (const { bytes } of file.items()) {
    if (batch.length >= maxBatchItems || (batch.length > 0 && size + bytes.length > maxBatchBytes)) {
      yield batch
      batch = []
      size = 0
    }
    batch.push(bytes)
    size += bytes.length
  }
  if (batch.length > 0) yield batch
}

function add (a: ImportResult, b: ImportResult): ImportResult {
  const others = new Map<string, ImportResult['others'][number]>()
  for (const row of [...a.others, ...b.others]) {
    const key = `${row.status} ${row.reason}`
    others.set(key, { ...row, items: row.items + (others.get(key)?.items ?? 0) })
  }
  return { stored: a.stored + b.stored, duplicate: a.duplicate + b.duplicate, others: [...others.values()] }
}

function describe (journal: string, count: number, { stored, duplicate, others }: ImportResult): string[] {
  return [
    `imported ${journal}: of ${grouped(count)} items ${grouped(stored)} are new, ${grouped(duplicate)} were here`,
    ...others.map(({ status, reason, items }) => `  ${grouped(items)} ${status}: ${printable(reason)}`)
  ]
}

/** What waits may come in later; what was refused, or could not be stored, was not imported. */
function checkResult ({ others }: ImportResult): void {
  const failed = others.find(({ status }) => status === 'failed')
  if (failed !== undefined) throw new MeshError('MESH_DISK_FAILED', `Not everything was stored: ${failed.reason}. Import the file again when that is mended.`)
  const refused = others.find(({ status }) => status === 'refused')
  if (refused !== undefined) throw new MeshError('MESH_ENVELOPE_INVALID', `Not everything was taken: ${refused.reason}. Look closer: akshi journal verify FILE`)
}
