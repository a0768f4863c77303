import { FeedPaths, type FeedSpot } from '@akshi/core'

/** A file as it was when it was last looked at. */
export interface SeenFile {
  readonly stamp: string
  /** Missing when it is not what its name says. */
  readonly spot: FeedSpot | undefined
  /** True for a snapshot whose bytes are those that this node has. */
  readonly isOwn?: boolean
}

/** What is known of the files in the folder of a feed, by name; those looked at longest ago come first. */
export class FeedIndex {
  readonly #files = new Map<string, SeenFile>()
  #paths: FeedPaths | undefined
  #isNew = false

  get names (): string[] {
    return [...this.#files.keys()]
  }

  /** The paths that the good files make. */
  get paths (): FeedPaths {
    this.#paths ??= new FeedPaths([...this.#files.values()].flatMap(({ spot }) => spot ?? []))
    return this.#paths
  }

  get ownSnapshots (): ReadonlySet<string> {
    return new Set([...this.#files].flatMap(([name, { isOwn }]) => isOwn === true ? name : []))
  }

  find (name: string): SeenFile | undefined {
    return this.#files.get(name)
  }

  isGood (name: string): boolean {
    return this.#files.get(name)?.spot !== undefined
  }

  /** True, once, when a file became good or bad since the last time other than by `put` and `forget`. */
  takeNews (): boolean {
    const isNew = this.#isNew
    this.#isNew = false
    return isNew
  }

  /** Notes what others did to a file. */
  see (name: string, seen: SeenFile): void {
    this.#isNew ||= this.isGood(name) !== (seen.spot !== undefined)
    this.put(name, seen)
  }

  /** Notes that a file is gone. */
  lose (name: string): void {
    this.#isNew ||= this.isGood(name)
    this.forget(name)
  }

  /** Notes what this node did to a file. */
  put (name: string, seen: SeenFile): void {
    if (this.#files.get(name)?.spot?.id !== seen.spot?.id) this.#paths = undefined
    this.#files.delete(name)
    this.#files.set(name, seen)
  }

  /** Notes that this node took a file away. */
  forget (name: string): void {
    this.#files.delete(name)
    this.#paths = undefined
  }
}
