import { createRequire } from 'node:module'

/** The few functions of an Automerge handle that tests write and compare with. */
export interface Handle {
  put (object: string, key: string | number, value: unknown, type?: string): void
  putObject (object: string, key: string | number, value: unknown): string
  insert (list: string, index: number, value: unknown, type?: string): void
  insertObject (list: string, index: number, value: unknown): string
  delete (object: string, key: string | number): void
  increment (object: string, key: string | number, by: number): void
  mark (object: string, range: { start: number, end: number, expand: string }, name: string, value: unknown, type?: string): void
  splice (text: string, index: number, deleted: number, inserted: string): void
  get (object: string, key: string | number): unknown
  getWithType (object: string, key: string | number): readonly [string, string] | null
  length (object: string): number
  commit (message: string | null, time: number): string | null
  emptyChange (message: string | null, time: number): string
  getLastLocalChange (): Uint8Array | null
  getChanges (after: readonly string[]): Uint8Array[]
  getHeads (): string[]
  loadIncremental (bytes: Uint8Array): number
  save (): Uint8Array
  saveNoCompress (): Uint8Array
  free (): void
}

interface Engine {
  init (options: { readonly actor: string }): object
  getBackend (document: object): Handle
  load (bytes: Uint8Array): object
  decodeChange (change: Uint8Array): DecodedChange
}

/** A change as Automerge reads it. */
export interface DecodedChange {
  readonly hash: string
  readonly deps: readonly string[]
  readonly actor: string
  readonly seq: number
  readonly startOp: number
  readonly time: number
  readonly ops: readonly unknown[]
}

/** Core's own dependency, loaded apart from it. */
export const engine = createRequire(new URL('../../../packages/core/package.json', import.meta.url))('@automerge/automerge') as Engine

/** A new document that writes as this actor. Not freed by itself, which a test's process can bear. */
export function newHandle (actor: Uint8Array): Handle {
  return engine.getBackend(engine.init({ actor: hex(actor) }))
}

export function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
