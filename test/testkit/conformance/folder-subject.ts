import { copyFile, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import fs from '@akshi/plugin-fs'
import { transportSubject, type Place, type TransportSubject, type TransportSubjectOptions } from '@akshi/testkit'

const shared = ({ folder }: Place) => join(folder, 'shared')

/** How a folder is shared, damaged and taken away. */
export const folderOptions: TransportSubjectOptions = {
  reach: 'shared',
  open: (place) => ({ plugin: fs, config: { dir: shared(place), poll_interval_secs: 0.05 } }),
  damage: (place) => damage(shared(place)),
  takeAway: (place) => takeAway(shared(place))
}

/** A folder that nodes share, in real time. */
export const folderTransport: TransportSubject = transportSubject(folderOptions)

/**
 * One file gets another byte at its end, one in the middle, one is cut, one holds what belongs to another, a snapshot has a
 * damaged proof, another the name of an envelope; and foreign files come. What is inside a snapshot is for readers to check.
 */
async function damage (dir: string): Promise<void> {
  const [one, two, three, four, snapshot] = await filesBelow(dir) as [string, string, string, string, string]
  await copyFile(snapshot, snapshot.replace(/\.snap$/, '.env'))
  await flip(one, (length) => length - 1)
  await flip(two, (length) => Math.floor(length / 2))
  await truncate(three, 100)
  await copyFile(two, four)
  await flip(snapshot, () => 100)
  await writeFile(join(dirname(one), 'notes.txt'), 'foreign')
  await writeFile(join(dir, 'notes.txt'), 'foreign')
}

async function takeAway (dir: string): Promise<() => Promise<void>> {
  await rename(dir, `${dir}-away`)
  await writeFile(dir, 'nothing is mounted here')
  return async () => {
    await rm(dir)
    await rename(`${dir}-away`, dir)
  }
}

async function filesBelow (dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort()
}

async function flip (file: string, place: (length: number) => number): Promise<void> {
  const bytes = await readFile(file)
  const at = place(bytes.length)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(file, bytes)
}
