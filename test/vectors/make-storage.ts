import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peekItem, type LogEnvelope, type StateEnvelope } from '@akshi/core'
import { Parking } from '../../packages/core/src/journal/parking.ts'
import { writeExportFile } from '../../packages/core/src/journal-tools/index.ts'
import { ApplyingMark } from '../../packages/core/src/storage/applying-mark.ts'
import { systemDisk } from '../../packages/core/src/storage/system-disk.ts'
import { itemPath } from '../../packages/plugin-fs/src/folder-layout.ts'
import { documentOf, makeSnapshot, type MadeLogEnvelope } from './log-material.ts'
import { at, journal, meshId } from './material.ts'
import { arrivalOf, temporaryStore } from './stores.ts'

/**
 * Files as the first-party node writes them: a log whose first segment came as a snapshot, a state, a parking lot, a mark
 * left by a process that died, an export; and where items stand in a shared folder.
 */
export async function makeStorage (log: readonly MadeLogEnvelope[], states: readonly StateEnvelope[]) {
  const [, second, third, fourth, backup] = log as readonly [MadeLogEnvelope, MadeLogEnvelope, MadeLogEnvelope, MadeLogEnvelope, MadeLogEnvelope]
  const snapshot = makeSnapshot(second.envelope, documentOf(second))
  const items = [snapshot, third.envelope.bytes, fourth.envelope.bytes]
  await using store = await temporaryStore()
  const feed = await store.openLog()
  for (const item of items) await feed.accept([arrivalOf(item)])
  await feed.close()
  const state = await store.openState()
  await state.accept(states.map(({ bytes }) => arrivalOf(bytes)))
  await state.close()
  return {
    items: items.map((item) => Buffer.from(item).toString('hex')),
    log: await store.read('log'),
    state: await store.read('state'),
    parked: await park(store.folder, backup.envelope, third.envelope),
    applying: await leaveMark(store.folder, backup.envelope.id),
    exportFile: await exportTo(join(store.folder, 'notes.akshi'), items),
    sharedFolder: items.map((item) => itemPath(meshId, peekItem(item, meshId)))
  }
}

/** Two items that wait, the second no more. */
async function park (folder: string, waiting: LogEnvelope, gone: LogEnvelope): Promise<string> {
  const path = join(folder, 'parked')
  const parking = await Parking.open(systemDisk, path, { meshId, durability: 'os' })
  await parking.park(arrivalOf(waiting.bytes), waiting.bytes, 'trust')
  await parking.park(arrivalOf(gone.bytes), gone.bytes, 'before')
  await parking.remove([gone.id])
  await parking.close()
  return await readFile(path, 'hex')
}

/** The text after two lives that died while they applied one envelope. */
async function leaveMark (folder: string, id: Uint8Array): Promise<string> {
  const path = join(folder, 'mark')
  for (const life of [1, 2, 3]) {
    const mark = await ApplyingMark.open(systemDisk, path)
    if (life < 3) mark.begin(id)
    await mark.close()
  }
  return await readFile(path, 'utf8')
}

async function exportTo (path: string, items: readonly Uint8Array[]): Promise<string> {
  await writeExportFile(path, { mesh: meshId, journal, exportedAt: new Date(at).toISOString() }, (async function * () { yield * items })())
  return await readFile(path, 'hex')
}
