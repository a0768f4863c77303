import { until, type VirtualClock } from '@akshi/testkit'
import { LinkLoop, type LoopOptions } from '../../../packages/core/src/sync/link-loop.ts'
import { LinkSession, type SessionOptions } from '../../../packages/core/src/sync/link-session.ts'
import { MemoryLink } from './memory-link.ts'
import { MeshNode } from './mesh-node.ts'

export const intervalMs = 10_000
const answerMs = 30_000
export const never = new AbortController().signal

function sessionOptions (node: MeshNode, other: MeshNode): SessionOptions {
  return {
    source: other.source,
    journals: node.journals,
    inbox: node.inbox,
    gate: node.gate,
    batchSize: 3,
    maxEnvelopes: 1_000,
    newestFirst: false,
    clock: node.clock,
    shares: (journal) => node.sharing.shares(journal, other.did),
    admits: (origin) => node.sharing.admits(origin)
  }
}

/** A node's session with another, and the link between them. */
export function makeSession (node: MeshNode, other: MeshNode, options: Partial<SessionOptions> = {}): { session: LinkSession, link: MemoryLink } {
  return { session: new LinkSession({ ...sessionOptions(node, other), ...options }), link: new MemoryLink(other.receiver, node.source) }
}

/** A node's loop to another; `rest` resolves when it waits for a ring or for time to pass. */
export class LoopFixture implements AsyncDisposable {
  readonly link: MemoryLink
  readonly loop: LinkLoop
  readonly clock: VirtualClock
  dials = 0
  changes = 0

  constructor (node: MeshNode, other: MeshNode, options: Partial<LoopOptions> = {}) {
    this.link = new MemoryLink(other.receiver, node.source)
    this.clock = node.clock
    this.loop = new LinkLoop({
      ...sessionOptions(node, other),
      transport: 'memory',
      title: () => 'the other node',
      answerMs,
      intervalMs,
      random: node.random,
      logger: node.log.logger,
      connect: async () => {
        this.dials++
        return this.link
      },
      changed: () => { this.changes++ },
      ...options
    })
  }

  /** Starts the loop and lets it come to rest. */
  async start (): Promise<this> {
    this.loop.start()
    await this.rest()
    return this
  }

  /** What was asked from now until the loop rests, once `wake` has woken it. */
  async after (wake: () => unknown): Promise<string[]> {
    this.link.takeCalls()
    await wake()
    await this.rest()
    return this.link.takeCalls()
  }

  async rest (): Promise<void> {
    await until(() => this.clock.delays.length === 1 && (this.clock.delays[0] ?? 0) < answerMs)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.loop.stop()
  }
}

/** Two nodes that trust each other, each with a clock of its own. */
export async function makePair (): Promise<{ one: MeshNode, two: MeshNode } & AsyncDisposable> {
  const [one, two] = [await MeshNode.make(), await MeshNode.make()]
  await one.peers.trust(two.did)
  await two.peers.trust(one.did)
  return {
    one,
    two,
    [Symbol.asyncDispose]: async () => {
      await one[Symbol.asyncDispose]()
      await two[Symbol.asyncDispose]()
    }
  }
}
