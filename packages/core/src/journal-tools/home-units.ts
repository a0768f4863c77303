import { join } from 'node:path'
import { decodeCbor } from '../cbor.ts'
import { isDid, type Did } from '../did.ts'
import { maxEnvelopeBytes } from '../envelope.ts'
import { readSnapshotFile } from '../journal/log/snapshot-file.ts'
import { decodeParkingRecord } from '../journal/parking-record.ts'
import { decodeStateRecord } from '../journal/state/state-record.ts'
import { maxItemBytes } from '../snapshot.ts'
import type { Disk } from '../storage/disk.ts'
import { recordsOf, type Sink } from './home-records.ts'
import { BadItem } from './verification.ts'
import type { Expected } from './verifier.ts'

/** A part of a journal that can be verified by itself. Gives all its items to the sink; throws `BadItem` for bad files. */
export type Unit = (sink: Sink) => Promise<void>

interface Place {
  readonly disk: Disk
  /** The journal's folder. */
  readonly folder: string
  readonly journal: string
}

const stateSuffix = '.state'
const maxRowBytes = 4096

/** The logs of a journal one by one, then its state, then what is parked. Throws `MESH_DISK_FAILED`. */
export async function unitsOf (place: Place): Promise<readonly Unit[]> {
  const names = await place.disk.list(place.folder)
  const logs = names.flatMap((name) => originOf(name) ?? []).map((origin): Unit => (sink) => readLog(place, origin, sink))
  return [...logs, (sink) => readState(place, names, sink), (sink) => readParked(place, sink)]
}

/** Files of a log: `segments.index`, `<segment>.log` and `<segment>-<seq>.snap`. Each segment comes after the one before. */
async function readLog ({ disk, folder, journal }: Place, origin: Did, sink: Sink): Promise<void> {
  const own = join(folder, origin.slice('did:key:'.length))
  const expected = { journal, part: 'log', origin } as const
  const files = (await disk.list(own)).filter((name) => /^\d{6}-[0-9a-f]{16}(-\d+\.snap|\.log)$/.test(name))
  await checkIndex(disk, join(own, 'segments.index'), files, sink)
  for (const name of files.sort(byPlace)) {
    const file = join(own, name)
    if (name.endsWith('.snap')) await sink.add({ bytes: await readSnapshot(disk, file, expected), file, record: 0 }, expected)
    else for await (const item of recordsOf(disk, file, maxEnvelopeBytes, sink)) await sink.add(item, expected)
  }
}

/** Segments that the index lists must be there, in whatever files. */
async function checkIndex (disk: Disk, path: string, names: readonly string[], sink: Sink): Promise<void> {
  for await (const { bytes, file, record } of recordsOf(disk, path, maxRowBytes, sink)) {
    const [name] = decodeCbor(bytes) as readonly unknown[]
    const number = String(name).slice(0, 6)
    if (!names.some((each) => each.startsWith(number))) throw new BadItem(`the files of segment ${Number(number)}, which it lists, are missing`, { file, record })
  }
}

async function readSnapshot (disk: Disk, file: string, feed: Required<Expected>): Promise<Uint8Array> {
  const bytes = await readSnapshotFile(disk, file)
  if (bytes === undefined) throw new BadItem('its bytes are not those that were written (CRC-32C)', { file, feed })
  return bytes
}

async function readState ({ disk, folder, journal }: Place, names: readonly string[], sink: Sink): Promise<void> {
  for (const name of names.filter((each) => each.endsWith(stateSuffix))) {
    const origin = originOf(name.slice(0, -stateSuffix.length))
    if (origin === undefined) continue
    const expected = { journal, part: 'state', origin } as const
    for await (const { bytes, file, record } of recordsOf(disk, join(folder, name), maxEnvelopeBytes + 1, sink)) {
      const stored = decodeStateRecord(bytes)
      if (stored === undefined) throw new BadItem('its kind is not known', { file, record, feed: expected })
      const item = { bytes: stored.envelope, file, record }
      // A twin is kept as a proof and is no part of the feed.
      if (stored.kind === 'twin') sink.open(item, expected)
      else await sink.add(item, expected)
    }
  }
}

/** What is parked counts for nothing yet, so its signatures are all there is to verify. */
async function readParked ({ disk, folder, journal }: Place, sink: Sink): Promise<void> {
  for await (const { bytes, file, record } of recordsOf(disk, join(folder, 'parked'), maxItemBytes + 1, sink)) {
    const parked = decodeParkingRecord(bytes)
    if (parked?.kind === 'item') sink.open({ bytes: parked.bytes, file, record }, { journal })
  }
}

/** By segment, then snapshots by what they reach to, then the log. */
function byPlace (a: string, b: string): number {
  const [left, right] = [a.slice(0, nameLength), b.slice(0, nameLength)]
  if (left !== right) return left < right ? -1 : 1
  return reachOf(a) - reachOf(b)
}

const nameLength = '000000-0123456789abcdef'.length

function reachOf (name: string): number {
  return name.endsWith('.snap') ? Number(name.slice(nameLength + 1, -'.snap'.length)) : Infinity
}

function originOf (multibase: string): Did | undefined {
  const did = `did:key:${multibase}`
  return isDid(did) ? did : undefined
}
