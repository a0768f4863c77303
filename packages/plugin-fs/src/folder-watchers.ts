import { watch as watchFolder } from 'node:fs'

/** A watch of one folder; after an error it is of no use. */
export interface FolderWatch {
  close (): void
  on (event: 'error', failed: () => void): unknown
}

/** Calls `changed` with the name that changed in the folder, if known. May throw, and may miss or repeat changes. */
export type Watch = (folder: string, changed: (name: string | null) => void) => FolderWatch

/** The operating system's watch; it keeps no process alive. */
export const systemWatch: Watch = (folder, changed) => watchFolder(folder, { persistent: false }, (_event, name) => changed(name))

/** Systems allow few watches, and polling sees everything anyway. */
const maxWatched = 1_000

/** Watches a set of folders as well as the system can. What it misses is for polling to find. */
export class FolderWatchers {
  readonly #watch: Watch
  readonly #changed: (folder: string, name: string) => void
  readonly #watchers = new Map<string, FolderWatch>()

  constructor (watch: Watch, changed: (folder: string, name: string) => void) {
    this.#watch = watch
    this.#changed = changed
  }

  /** Watches these folders and no others. True when one is new: what changed in it before now went unseen. */
  follow (folders: ReadonlySet<string>): boolean {
    for (const folder of [...this.#watchers.keys()]) if (!folders.has(folder)) this.#leave(folder)
    const others = [...folders].filter((folder) => !this.#watchers.has(folder)).slice(0, maxWatched - this.#watchers.size)
    return others.filter((folder) => this.#add(folder)).length > 0
  }

  close (): void {
    this.follow(new Set())
  }

  #add (folder: string): boolean {
    try {
      const watcher = this.#watch(folder, (name) => this.#changed(folder, name ?? ''))
      watcher.on('error', () => this.#leave(folder))
      this.#watchers.set(folder, watcher)
      return true
    } catch {
      return false                                                                  // gone, or no watches left: polling is the truth
    }
  }

  #leave (folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
  }
}
