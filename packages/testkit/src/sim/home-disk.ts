import { dirname, join, relative, sep } from 'node:path'
import type { Disk } from '@akshi/core'
import type { FaultyDisk } from '../faulty-disk.ts'

/** Where journals stand on a `FaultyDisk`, whatever folder the home is in. */
const onDisk = '/home'

/** A node's disk: its home is in memory. Lists folders too, as a file system does. */
export function homeDisk (disk: FaultyDisk, home: string): Disk {
  const place = (path: string) => join(onDisk, relative(home, path))
  return {
    makeFolder: (path) => disk.makeFolder(place(path)),
    list: async (path) => {
      const folder = place(path)
      const below = disk.paths().filter((file) => dirname(file).startsWith(join(folder, sep)))
      return [...new Set([...await disk.list(folder), ...below.map((file) => relative(folder, file).split(sep)[0] ?? '')])].sort()
    },
    open: (path) => disk.open(place(path)),
    openExisting: (path) => disk.openExisting(place(path)),
    replace: (path, parts) => disk.replace(place(path), parts),
    remove: (path) => disk.remove(place(path)),
    rename: (from, to) => disk.rename(place(from), place(to))
  }
}
