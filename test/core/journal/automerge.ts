import { createRequire } from 'node:module'

/** The few functions of Automerge that tests compare with. */
interface AutomergeForTests {
  from (value: object, options?: { readonly actor: string }): object
  init (): object
  change (doc: object, edit: (doc: Record<string, unknown>) => void): object
  merge (doc: object, other: object): object
  clone (doc: object): object
  applyChanges (doc: object, changes: readonly Uint8Array[]): [doc: Readonly<Record<string, unknown>>]
  isImmutableString (value: unknown): boolean
  getAllChanges (doc: object): Uint8Array[]
  decodeChange (change: Uint8Array): { readonly hash: string, readonly deps: readonly string[], readonly actor: string, readonly seq: number }
}

/** Core's own dependency, loaded apart from it. */
export const automerge = createRequire(new URL('../../../packages/core/package.json', import.meta.url))('@automerge/automerge') as AutomergeForTests
