import type { Did } from '@akshi/core'

/** What the A2A plugin of one node says to that of another in a sealed message. JSON; messages and tasks are ProtoJSON of A2A 1.0. */
export type Letter = MessageLetter | AskLetter | CancelLetter | OutcomeLetter

interface About {
  readonly agent: string
  /** Of the message, as its client chose it. */
  readonly messageId: string
}

/** A message for an agent. */
export interface MessageLetter extends About {
  readonly t: 'message'
  readonly message: unknown
  /** The message whose task this one belongs to. */
  readonly of?: string
  /** The one of the same caller for the same agent that is to be given to it before this one. */
  readonly previous?: string
}

/** What has become of a message that was given to its agent? */
export interface AskLetter extends About {
  readonly t: 'ask'
}

/** A message is not to be given to its agent, or its task is to end. */
export interface CancelLetter extends About {
  readonly t: 'cancel'
  readonly hash: string
}

/** Where a message stands: its task as it is, an answer that is no task, or why it was refused. None of these: the node knows nothing of it. */
export interface OutcomeLetter extends About {
  readonly t: 'outcome'
  readonly task?: unknown
  readonly answer?: unknown
  readonly error?: { readonly reason: string, readonly message: string }
}

/** A letter of another node; `undefined` for what is none. */
export function readLetter (bytes: Uint8Array): Letter | undefined {
  try {
    const letter = JSON.parse(Buffer.from(bytes).toString()) as Partial<Letter> | null
    const isOne = typeof letter?.agent === 'string' && typeof letter.messageId === 'string' && ['message', 'ask', 'cancel', 'outcome'].includes(String(letter.t))
    return isOne ? letter as Letter : undefined
  } catch {
    return undefined
  }
}

export function writeLetter (letter: Letter): Uint8Array {
  return Buffer.from(JSON.stringify(letter))
}

/** Sends a letter as far as it gets; who needs an answer asks again. */
export type SendLetter = (to: Did, letter: Letter) => Promise<void>
