import type { Did } from '../did.ts'

/** A message that another node has sealed to this one. */
export interface IncomingMessage {
  /** Who wrote it, proven by the signature, whoever brought it. */
  readonly from: Did
  /** As sealed; only this node can open it. */
  readonly payload: Uint8Array
}

/**
 * Where a message stands: `delivered` when the recipient has it, `carried` when others have it who may meet the recipient, `held` when
 * it waits here until somebody can be met.
 */
export type Handing = 'delivered' | 'carried' | 'held'

/** A message that was sent. */
export interface SentMessage {
  readonly handing: Handing
  /** Takes it back, unless somebody may have it already. Returns whether nobody has it, and nobody gets it. */
  recall (): boolean
}

/** Messages from node to node, through others where the two do not meet. */
export interface Messages {
  /**
   * Signs a sealed payload and hands it on: to the recipient if a link to it works, and to peers that may meet it otherwise. What is handed
   * to others, and what is held here, is in memory only: who needs an answer asks again until there is one.
   *
   * @param expiresAt milliseconds since the Unix epoch, at most eight days ahead
   * @throws MeshError `MESH_NOT_TRUSTED`, `MESH_ENVELOPE_INVALID` (too large), `MESH_RATE_LIMITED` (too many wait).
   */
  send (to: Did, payload: Uint8Array, expiresAt: number): Promise<SentMessage>
  /**
   * Sets who takes messages for this node. What it throws is said to who brings the message, who keeps it; what is resolved is not
   * brought again. Returns the way to take it back. Throws `TypeError` when somebody does already.
   */
  receive (take: (message: IncomingMessage) => Promise<void>): () => void
}
