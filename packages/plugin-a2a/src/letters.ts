import { describeError, MeshError, type Clock, type Did, type IncomingMessage, type Logger, type Messages, type PeerBook, type SentMessage } from '@akshi/core'
import { readLetter, writeLetter, type Letter } from './letter.ts'
import type { LetterSeal } from './letter-seal.ts'

export interface LettersOptions {
  readonly messages: Messages
  readonly seal: LetterSeal
  readonly peerBook: Pick<PeerBook, 'get'>
  readonly lifeMs: number
  /** `bytes`: its length. */
  readonly take: (from: Did, letter: Letter, bytes: number) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/** Letters to and from other nodes, sealed, over whatever way there is. */
export class Letters {
  readonly #options: LettersOptions
  #stop = () => {}

  constructor (options: LettersOptions) {
    this.#options = options
  }

  start (): void {
    this.#stop = this.#options.messages.receive((message) => this.#take(message))
  }

  stop (): void {
    this.#stop()
  }

  /** Throws `MESH_PEER_UNREACHABLE` while the node's key is not known, and as `Messages.send`. */
  async send (to: Did, letter: Letter): Promise<SentMessage> {
    const { messages, seal, peerBook, lifeMs, clock } = this.#options
    const announcement = peerBook.get(to)?.announcement
    if (announcement === undefined) throw new MeshError('MESH_PEER_UNREACHABLE', `${to} has not announced itself yet, so nothing can be sealed to it. The message waits.`)
    return await messages.send(to, await seal.seal(to, announcement.sealingKey, writeLetter(letter)), Math.floor(clock.now() + lifeMs))
  }

  /** What cannot be opened or read is nothing that would get better by being brought again. */
  async #take ({ from, payload }: IncomingMessage): Promise<void> {
    const { seal, take, logger } = this.#options
    const letter = await seal.open(from, payload).then(readLetter, (error: unknown) => { logger.warnOnce(`a2a-seal:${from}`, 'a message cannot be opened', { from, reason: describeError(error) }) })
    if (letter !== undefined) await take(from, letter, payload.length)
  }
}
