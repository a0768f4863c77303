import type { Did } from './did.ts'
import { MeshError } from './errors.ts'

/** A request to a route that a plugin mounted on another node, with access `mesh` or `open`. */
export interface PeerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path and query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** How long the head of the answer may take; 0: as long as it likes. Default: as for all requests to peers. */
  readonly answerWithinMs?: number
}

export interface PeerAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** In pieces, as they come. Who stops reading before the end ends the request. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Makes requests to nodes that have shown that they hold the key of their DID, and shows this node's own. */
export interface PeerCaller {
  /**
   * Resolves when the head of the answer is here, whatever its status. The signal ends the answer's body too.
   *
   * @throws MeshError `MESH_PEER_UNREACHABLE`, `MESH_PEER_MISMATCH` or `MESH_SEND_FAILED` (the connection broke: the node may have got the
   * request or not); `signal.reason`.
   */
  call (did: Did, request: PeerRequest, signal: AbortSignal): Promise<PeerAnswer>
}

/** How plugins call other nodes, whatever carries that: the plugin that owns the mesh port provides it. */
export class PeerCalls implements PeerCaller {
  #caller: PeerCaller | undefined

  /** From now on calls go this way. Returns the way to take it back. Throws `TypeError` when there is one already. */
  provide (caller: PeerCaller): () => void {
    if (this.#caller !== undefined) throw new TypeError('Another plugin provides calls to peers already')
    this.#caller = caller
    return () => { this.#caller = undefined }
  }

  /** As `PeerCaller.call`; `MESH_TRANSPORT_NONE` when no plugin can. Trust is for the caller to see: it is not asked here. */
  async call (did: Did, request: PeerRequest, signal: AbortSignal): Promise<PeerAnswer> {
    if (this.#caller === undefined) throw new MeshError('MESH_TRANSPORT_NONE', 'Nothing here calls other nodes. Enable @akshi/plugin-http under [[plugins]].')
    return await this.#caller.call(did, request, signal)
  }
}
