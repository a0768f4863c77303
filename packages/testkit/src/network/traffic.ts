import type { Did } from '@akshi/core'

export type MessageKind = 'push' | 'digest' | 'pull' | 'prove'

/** One message, a request or an answer, as the network saw it. */
export interface NetworkMessage {
  /** When it was sent, on the network's monotonic clock. */
  readonly at: number
  readonly from: Did
  readonly to: Did
  readonly kind: MessageKind
  readonly isAnswer: boolean
  readonly bytes: number
  /** Items of a push or of the answer to a pull. */
  readonly items: number
  /** What it carries, as sent: not to be changed. */
  readonly parts: readonly Uint8Array[]
  readonly fate: 'carried' | 'lost' | 'cut off' | 'repeated'
}

/** What one node has sent, lost messages included, and what came to it. */
export interface Traffic {
  readonly sent: { readonly messages: number, readonly bytes: number }
  readonly received: { readonly messages: number, readonly bytes: number }
}

interface Count { messages: number, bytes: number }

/** Counts messages and bytes by node. */
export class TrafficCounter {
  readonly #sent = new Map<Did, Count>()
  readonly #received = new Map<Did, Count>()

  noteSent (did: Did, bytes: number): void {
    note(this.#sent, did, bytes)
  }

  noteReceived (did: Did, bytes: number): void {
    note(this.#received, did, bytes)
  }

  of (did: Did): Traffic {
    return { sent: { ...this.#sent.get(did) ?? none }, received: { ...this.#received.get(did) ?? none } }
  }

  reset (): void {
    this.#sent.clear()
    this.#received.clear()
  }
}

const none: Count = { messages: 0, bytes: 0 }

function note (counts: Map<Did, Count>, did: Did, bytes: number): void {
  const { messages, bytes: before } = counts.get(did) ?? none
  counts.set(did, { messages: messages + 1, bytes: before + bytes })
}
