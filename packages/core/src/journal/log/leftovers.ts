import { join } from 'node:path'
import { maxEnvelopeBytes, peekEnvelope, type LogEnvelope } from '../../envelope.ts'
import { isSnapshot, parseSnapshot } from '../../snapshot.ts'
import type { Verdict } from '../../transport.ts'
import { reportDamage, type Arrival } from '../feed.ts'
import { openRecords } from '../../storage/record-mending.ts'
import { aside } from './segment-files.ts'
import type { SegmentStore } from './segment-store.ts'
import { readSnapshotFile } from './snapshot-file.ts'

const filePattern = /^\d{6}-[0-9a-f]{16}(-\d+)?\.(snap|log)(\.aside)?$/

/** Takes in files that belong to no segment: of a crash before the index was written, or after that was damaged, or set aside. */
export async function takeInLeftovers (store: SegmentStore, names: ReadonlySet<string>, accept: (arrivals: readonly Arrival[]) => Promise<readonly Verdict[]>): Promise<void> {
  const { disk, folder } = store.context
  const own = new Set(store.tree.all.flatMap(({ files }) => files))
  for (const name of [...names].sort()) {
    if (!filePattern.test(name) || own.has(name)) continue
    const path = join(folder, name.endsWith(aside) ? name : `${name}${aside}`)
    if (!name.endsWith(aside)) await disk.rename(join(folder, name), path)
    await takeIn(store, path, accept)
  }
}

/** The file stays for the next time while something before it is missing, or the disk fails. */
async function takeIn ({ context, id }: SegmentStore, path: string, accept: (arrivals: readonly Arrival[]) => Promise<readonly Verdict[]>): Promise<void> {
  const { disk, meshId } = context
  const items = path.endsWith(`.snap${aside}`) ? [await readSnapshotFile(disk, path)] : await readRecords(context, id, path)
  const whole = items.filter((item) => item !== undefined)
  const verdicts = await accept(whole.map((bytes) => toArrival(bytes, meshId)))
  if (verdicts.some(({ status }) => status === 'gap' || status === 'failed')) return
  if (whole.length === items.length && verdicts.every(({ status }) => status !== 'refused')) return await disk.remove(path)
  context.damaged(id, `${path} cannot be taken in again: ${verdicts.find(({ reason }) => reason)?.reason ?? 'it is damaged'}`)
  await disk.rename(path, path.replace(aside, '.damaged'))
}

async function readRecords (context: SegmentStore['context'], id: SegmentStore['id'], path: string): Promise<Uint8Array[]> {
  const { disk, durability } = context
  const { file, damage } = await openRecords(disk, path, { maxRecordBytes: maxEnvelopeBytes, durability })
  if (damage !== undefined) reportDamage(context, id, damage, path)
  const records = Array.from({ length: file.count }, (_, at) => Buffer.from(file.read(at)))
  await file.close()
  return records
}

function toArrival (bytes: Uint8Array, meshId: string): Arrival {
  if (isSnapshot(bytes)) return { kind: 'snapshot', snapshot: parseSnapshot(bytes, meshId), bytes }
  return { kind: 'envelope', envelope: peekEnvelope(bytes, meshId) as LogEnvelope }
}
