import type { Did } from './did.ts'
import type { Trust } from './peer-book.ts'

/** What each kind of event says. */
export interface MeshEventData {
  /** Events were missed, or the node has started: look at everything anew. */
  readonly start: { readonly missed: boolean }
  /** A peer is new, or its trust, name or addresses have changed. */
  readonly peer: { readonly did: Did, readonly name: string, readonly trust: Trust, readonly reason: string }
  /** A link came up or went down: to a peer, or of a shared transport. */
  readonly link: { readonly to: Did | string, readonly transport: string, readonly state: string, readonly reason: string }
  /** A journal has grown. */
  readonly journal: { readonly name: string, readonly entries: number, readonly heads: readonly string[] }
  /** Something that an operator should know, as in `NodeStatus.notices`. */
  readonly notice: { readonly code: string, readonly message: string, readonly count: number }
}

/** Something that happened in a node. `id` is for `follow`, and good for one life of the node. */
export type MeshEvent = {
  [Type in keyof MeshEventData]: { readonly id: string, readonly at: string, readonly type: Type, readonly data: MeshEventData[Type] }
}[keyof MeshEventData]

export interface EventOptions {
  /** The id of the last event that is known; default: from now on. */
  readonly after?: string
  readonly signal?: AbortSignal
}
