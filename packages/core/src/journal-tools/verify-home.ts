import { join } from 'node:path'
import { MeshError } from '../errors.ts'
import { isJournalName } from '../journal-name.ts'
import type { Disk } from '../storage/disk.ts'
import { systemDisk } from '../storage/system-disk.ts'
import { unitsOf, type Unit } from './home-units.ts'
import type { Verification, VerifiedCount } from './verification.ts'
import { Verifier, type VerifyOptions } from './verifier.ts'

export interface VerifyHomeOptions extends Pick<VerifyOptions, 'progress'> {
  /** One journal alone. */
  readonly journal?: string
  readonly disk?: Disk
}

type Total = VerifiedCount & { readonly notes: readonly string[] }

/** A node that runs may change files while they are read: only what is bad again and again is bad. */
const attempts = 3

/**
 * Verifies a node's journals where they are kept, as `verifyItems` does, and that the files are what was written. Reads
 * only, and needs no lock: the node may be running. Files that were set aside as damaged are left out.
 *
 * @throws MeshError `MESH_REQUEST_INVALID` when there is no such journal; `MESH_FORMAT_NEWER`, `MESH_DISK_FAILED`.
 */
export async function verifyHome (folder: string, meshId: string, { journal, progress, disk = systemDisk }: VerifyHomeOptions = {}): Promise<Verification> {
  const names = (await disk.list(folder)).filter((name) => isJournalName(name) && (journal ?? name) === name)
  if (journal !== undefined && names.length === 0) throw new MeshError('MESH_REQUEST_INVALID', `There is no journal "${journal}" in ${folder}. See: akshi journal list`)
  let total: Total = { ...new Verifier(meshId).count, notes: [] }
  for (const name of names) {
    for (const unit of await unitsOf({ disk, folder: join(folder, name), journal: name })) {
      const before = total
      const found = await verifyUnit(unit, meshId, progress === undefined ? undefined : (count) => progress(() => add(before, count())))
      total = { ...add(before, found), notes: [...before.notes, ...found.notes] }
      if (found.bad !== undefined) return { ...total, bad: found.bad }
    }
  }
  return total
}

async function verifyUnit (unit: Unit, meshId: string, progress: VerifyOptions['progress'], attempt = 1): Promise<Verification> {
  const verifier = new Verifier(meshId)
  const notes: string[] = []
  const found = await verifier.run(() => unit({
    add: async (item, expected) => {
      await verifier.add(item, expected)
      progress?.(() => verifier.count)
    },
    open: (item, expected) => { verifier.open(item, expected) },
    note: (note) => notes.push(note)
  }))
  if (found.bad !== undefined && attempt < attempts) return await verifyUnit(unit, meshId, progress, attempt + 1)
  return { ...found, notes: [...found.notes, ...notes] }
}

function add (a: VerifiedCount, b: VerifiedCount): VerifiedCount {
  return {
    envelopes: a.envelopes + b.envelopes,
    snapshots: a.snapshots + b.snapshots,
    entries: a.entries + b.entries,
    forks: a.forks + b.forks,
    bytes: a.bytes + b.bytes,
    journals: new Set([...a.journals, ...b.journals]),
    origins: new Set([...a.origins, ...b.origins])
  }
}
