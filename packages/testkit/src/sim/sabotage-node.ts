import type { Disk, DiskFile, NodeControl, RuntimeConfig } from '@akshi/core'

/** `lying sync`: what was synced is gone after a power cut all the same. */
export function lyingDisk (disk: Disk): Disk {
  return {
    makeFolder: (path) => disk.makeFolder(path),
    list: (path) => disk.list(path),
    open: async (path) => lyingFile(await disk.open(path)),
    openExisting: (path) => disk.openExisting(path),
    replace: (path, parts) => disk.replace(path, parts),
    remove: (path) => disk.remove(path),
    rename: (from, to) => disk.rename(from, to)
  }
}

function lyingFile (file: DiskFile): DiskFile {
  return {
    get size () { return file.size },
    read: (offset, length) => file.read(offset, length),
    write: (parts, offset) => file.write(parts, offset),
    truncate: (size) => file.truncate(size),
    sync: async () => {},
    close: () => file.close()
  }
}

/** `early ack`: says that it is on disk before it is synced. */
export function acksEarly (config: RuntimeConfig): RuntimeConfig {
  return { ...config, journal: { durability: 'os' } }
}

/** `trusts all`: takes envelopes of whoever it meets. */
export function trustsAll (config: RuntimeConfig): RuntimeConfig {
  return { ...config, mesh: { ...config.mesh, trust: 'open' } }
}

/** `shares with all`: knows of no `share` lists. */
export function sharesWithAll (config: RuntimeConfig): RuntimeConfig {
  return { ...config, agents: [] }
}

/** `wrong order`: reads one origin after the other. */
export function readsOutOfOrder (control: NodeControl): NodeControl {
  const read: NodeControl['read'] = async (journal, options) => {
    const { entries, cursor } = await control.read(journal, options)
    return { entries: entries.toSorted((a, b) => a.origin < b.origin ? -1 : a.origin > b.origin ? 1 : 0), cursor }
  }
  return new Proxy(control, {
    get: (target, key: keyof NodeControl) => key === 'read' ? read : target[key].bind(target)
  })
}
