import { createRequire } from 'node:module'
import type { Identity } from '../../../../packages/core/src/identity.ts'
import { hexOf } from '../../../../packages/core/src/journal/state/hex.ts'
import { actorOf } from '../../../../packages/core/src/journal/state/state-actor.ts'

interface Operation { readonly action: string, readonly obj: string, readonly key: string, readonly value: number, readonly pred: readonly string[] }
interface Craft { readonly seq: number, readonly startOp: number, readonly deps: readonly Uint8Array[], readonly ops: readonly object[] }

const { encodeChange } = createRequire(new URL('../../../../packages/core/package.json', import.meta.url))('@automerge/automerge') as {
  encodeChange (change: object): Uint8Array
}

/** An actor that this origin may use, always the same. */
export function actorFor (identity: Identity): Uint8Array {
  return actorOf(new Uint8Array(16), identity.did)
}

/** A change in Automerge's binary form that need not make sense: one that sets `k`, unless told otherwise. */
export function craft (actor: Uint8Array, { deps = [], ...rest }: Partial<Craft> = {}): Uint8Array {
  const change = { seq: 1, startOp: 1, time: 0, message: null, ops: [setRoot('k', 1)], ...rest }
  return encodeChange({ ...change, actor: hexOf(actor), deps: deps.map(hexOf).sort() })
}

export function setRoot (key: string, value: number): Operation {
  return { action: 'set', obj: '_root', key, value, pred: [] }
}

/** Sets a key in an object, by its id. */
export function setIn (obj: string, key: string, value: number): Operation {
  return { ...setRoot(key, value), obj }
}

/** Makes a map in an object, by its id. */
export function makeMap (obj: string, key: string): object {
  return { action: 'makeMap', obj, key, pred: [] }
}

/** A change that is right in all that can be said of it without Automerge, which panics: it follows an element that is none. */
export function poison (actor: Uint8Array, rest: Partial<Craft> = {}): Uint8Array {
  const list = `${rest.startOp ?? 1}@${hexOf(actor)}`
  return craft(actor, {
    ...rest,
    ops: [
      { action: 'makeList', obj: '_root', key: 'list', pred: [] },
      { action: 'set', obj: list, elemId: list, insert: true, value: 1, pred: [] }
    ]
  })
}
