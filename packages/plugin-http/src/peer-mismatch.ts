import { MeshError, type Did } from '@akshi/core'

/** Another node than the one that was dialled has shown its key. */
export class PeerMismatch extends MeshError {
  /** Nothing for a key that no node can have. */
  readonly found: Did | undefined

  constructor (expected: Did, found: Did | undefined) {
    super('MESH_PEER_MISMATCH', `${found ?? 'a server with no node key'} answers there, not ${expected}. If the node has a new key, trust its new DID.`)
    this.found = found
  }
}

/** Who answered instead, if that is why a call failed. */
export function mismatchOf (error: unknown): Did | undefined {
  if (error instanceof PeerMismatch) return error.found
  return error instanceof Error ? mismatchOf(error.cause) : undefined
}
