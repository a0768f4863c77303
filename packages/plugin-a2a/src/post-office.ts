import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Cradle, Did } from '@akshi/core'
import type { AgentHost } from './agent-host.ts'
import { Courier } from './courier.ts'
import type { Letter } from './letter.ts'
import { LetterDesk } from './letter-desk.ts'
import { LetterSeal } from './letter-seal.ts'
import { Letters } from './letters.ts'
import { MessageQueue } from './message-queue.ts'
import { QueueFront } from './queue-front.ts'
import { loadSdk } from './sdk.ts'
import type { TaskBoard } from './task-board.ts'
import { taskCodec } from './task-codec.ts'

export interface PostOfficeOptions extends Pick<Cradle, 'identity' | 'messages' | 'peerBook' | 'clock' | 'random' | 'logger'> {
  readonly host: AgentHost
  readonly board: TaskBoard
  readonly home: string
  readonly meshId: string
  /** How long it is remembered what came of a message. */
  readonly keepMs: number
  /** How long a message waits; 0: none does. */
  readonly lifeMs: number
  readonly maxMessageBytes: number
}

/** Of what this node answers, where it queues nothing itself. */
const answerLifeMs = 86_400_000

interface Opened {
  readonly queue: MessageQueue
  readonly courier: Courier
}

/** Everything about messages between nodes that cannot meet: the queue of this node, what it brings to others, and what comes for its agents. */
export class PostOffice {
  readonly front: QueueFront
  readonly #options: PostOfficeOptions
  readonly #letters: Letters
  readonly #desk: LetterDesk
  readonly #path: string
  #opening: Promise<Opened> | undefined
  #opened: Opened | undefined

  constructor (options: PostOfficeOptions) {
    const { identity, messages, peerBook, host, home, meshId, lifeMs, clock, logger } = options
    this.#options = options
    this.#path = join(home, 'a2a', `${encodeURIComponent(meshId).replaceAll('.', '%2E')}.queue.jsonl`)
    this.#letters = new Letters({ messages, seal: new LetterSeal(meshId, identity), peerBook, lifeMs: lifeMs === 0 ? answerLifeMs : lifeMs, take: (from, letter, bytes) => this.#take(from, letter, bytes), clock, logger })
    this.#desk = new LetterDesk({ host, own: identity.did, send: async (to, letter) => { await this.#letters.send(to, letter) }, logger })
    const opened = () => this.#open()
    this.front = new QueueFront({ ...options, own: identity.did, queue: async () => (await opened()).queue, courier: async () => (await opened()).courier })
  }

  /** Goes on with what an earlier life of the node has left. Throws `MESH_DISK_FAILED`. */
  async start (): Promise<void> {
    this.#letters.start()
    if (existsSync(this.#path)) await this.#open()
  }

  async stop (): Promise<void> {
    this.#letters.stop()
    const opened = await this.#opening?.catch(() => undefined)
    await opened?.courier.stop()
    await opened?.queue.close()
  }

  /** There is news of a node. Returns at once. */
  met (node: Did): void {
    this.#opened?.courier.met(node)
  }

  async #take (from: Did, letter: Letter, bytes: number): Promise<void> {
    if (letter.t !== 'outcome') return await this.#desk.take(from, letter, bytes)
    if (this.#opening === undefined && !existsSync(this.#path)) return              // nothing was ever asked
    await (await this.#open()).courier.heard(from, letter)
  }

  /** The queue is read at the first message, so not in a node that never queues one. */
  #open (): Promise<Opened> {
    this.#opening ??= this.#openNow()
    return this.#opening
  }

  async #openNow (): Promise<Opened> {
    const { board, keepMs, clock, random, logger } = this.#options
    const codec = taskCodec(await loadSdk())
    const queue = new MessageQueue({ path: this.#path, keepMs, clock, codec })
    await queue.open()
    const courier = new Courier({ queue, letters: this.#letters, codec, askMs: keepMs, clock, random, logger })
    this.#opened = { queue, courier }
    for (const message of queue.all()) board.queued(message)
    queue.onChange((message) => board.queued(message))
    courier.ring()
    return this.#opened
  }
}
