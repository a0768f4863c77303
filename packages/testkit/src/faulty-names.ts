import { dirname } from 'node:path'
import type { Random } from '@akshi/core'
import type { FaultyInode } from './faulty-inode.ts'

type Files = Map<string, FaultyInode>

/** Names of one folder that go and come together. */
export interface Renaming {
  readonly gone?: string
  readonly come?: readonly [path: string, inode: FaultyInode]
}

/** The names of files twice: as programs see them and as the disk has them, with the changes between. */
export class FaultyNames {
  readonly #seen: Files
  readonly #durable: Files
  #pending: Renaming[]

  constructor (seen: Iterable<[string, FaultyInode]> = [], durable: Iterable<[string, FaultyInode]> = [], pending: readonly Renaming[] = []) {
    this.#seen = new Map(seen)
    this.#durable = new Map(durable)
    this.#pending = [...pending]
  }

  get paths (): string[] { return [...this.#seen.keys()].sort() }

  find (path: string): FaultyInode | undefined {
    return this.#seen.get(path)
  }

  change (renaming: Renaming): void {
    rename(this.#seen, renaming)
    this.#pending.push(renaming)
  }

  /** A folder was synced: its names are on the disk. */
  commit (folder: string): void {
    for (const renaming of this.#pending) if (folderOf(renaming) === folder) rename(this.#durable, renaming)
    this.#pending = this.#pending.filter((renaming) => folderOf(renaming) !== folder)
  }

  /** The same names and files as another process finds them, just as durable as they are. */
  copy (): FaultyNames {
    const copies = new Map<FaultyInode, FaultyInode>()
    const copyOf = (inode: FaultyInode) => copies.get(inode) ?? copies.set(inode, inode.copy()).get(inode) ?? inode
    const copyAll = (files: Files) => [...files].map(([path, inode]): [string, FaultyInode] => [path, copyOf(inode)])
    const pending = this.#pending.map((renaming): Renaming => renaming.come === undefined ? renaming : { ...renaming, come: [renaming.come[0], copyOf(renaming.come[1])] })
    return new FaultyNames(copyAll(this.#seen), copyAll(this.#durable), pending)
  }

  /** As found after a power cut: each name that was not synced may have come, gone or changed, or not. */
  afterPowerCut (random: Random): FaultyNames {
    const names = new Map(this.#durable)
    for (const renaming of this.#pending) if (random.uniform() < 0.5) rename(names, renaming)
    const found = [...names].map(([path, inode]): [string, FaultyInode] => [path, inode.afterPowerCut(random)])
    return new FaultyNames(found, found)
  }
}

function rename (files: Files, { gone, come }: Renaming): void {
  if (gone !== undefined) files.delete(gone)
  if (come !== undefined) files.set(...come)
}

function folderOf ({ gone, come }: Renaming): string {
  return dirname(come?.[0] ?? gone ?? '')
}
