/** What happens to messages on their way in one direction between two nodes. Chances are from 0 to 1. */
export interface LinkConditions {
  /** How long a message is on its way. */
  readonly delayMs: number
  /** Up to so much longer, evenly spread. */
  readonly jitterMs: number
  /** Chance that a message is lost: a request, or an answer. */
  readonly loss: number
  /** Chance that a push comes once more, a while later. */
  readonly repeat: number
  /** Chance that a message waits while later ones overtake it, and that the items of a push come in another order. */
  readonly reorder: number
  readonly bytesPerSecond: number
  /** How long the one who asks waits for an answer before the other end counts as unreachable. */
  readonly timeoutMs: number
}

/** A good network: 5 ms each way, and nothing goes wrong. */
export const goodConditions: LinkConditions = {
  delayMs: 5, jitterMs: 0, loss: 0, repeat: 0, reorder: 0, bytesPerSecond: Infinity, timeoutMs: 5_000
}
