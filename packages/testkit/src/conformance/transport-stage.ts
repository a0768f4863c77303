import type { Did, Identity, Link, LinkTarget } from '@akshi/core'
import { seededIdentity } from '../seeded-identity.ts'
import { brief, expectThat } from './conformance-case.ts'
import { makeChain, never } from './material.ts'
import { NotingReceiver } from './noting-receiver.ts'
import { Stage } from './stage.ts'
import type { TransportEnd, TransportSubject, TransportWorld } from './transport-subject.ts'

/** A node of a case: its transport and the receiver that it is started with. */
export interface Actor extends TransportEnd {
  readonly identity: Identity
  readonly did: Did
  readonly receiver: NotingReceiver
}

/** What happens on a stage, and what it is to show. */
export interface TransportScript {
  readonly promise: string
  readonly play: (stage: TransportStage) => Promise<void>
}

/** A stage for transports: makes actors and the links between them. */
export class TransportStage extends Stage {
  readonly world: TransportWorld

  private constructor (world: TransportWorld, deadlineMs: number | undefined, promise: string) {
    super({ advance: world.advance, deadlineMs }, promise)
    this.world = world
  }

  /** Runs `play` in a world of its own and stops whatever it started, however it ends. */
  static async play (subject: TransportSubject, { promise, play }: TransportScript): Promise<void> {
    const world = await subject.open()
    const stage = new TransportStage(world, subject.deadlineMs, promise)
    try {
      await stage.run(() => play(stage))
    } finally {
      await world.close()
    }
  }

  /** An actor that is not started. */
  async makeActor (identity = this.identity()): Promise<Actor> {
    const end = await this.world.end(identity)
    return this.keep({ ...end, identity, did: identity.did, receiver: new NotingReceiver(), stop: () => end.transport.stop() })
  }

  /** An actor that runs. */
  async actor (identity?: Identity): Promise<Actor> {
    const actor = await this.makeActor(identity)
    await this.within(actor.transport.start(actor.receiver, never), 'start')
    return actor
  }

  /** A link to a peer, or to what is shared. */
  async link (from: Actor, to?: Actor, addresses = to?.addresses): Promise<Link> {
    const target: LinkTarget = to === undefined || addresses === undefined ? { kind: 'shared' } : { kind: 'peer', did: to.did, addresses }
    return await this.within(from.transport.connect(target, never), 'connect')
  }
}

/** Something that can be asked of a link. */
export interface Ask {
  readonly kind: 'receive' | 'digest' | 'serve'
  readonly of: (link: Link, signal: AbortSignal) => Promise<unknown>
}

const asker = seededIdentity(0)
const asked = makeChain(asker, 1).map(({ bytes }) => bytes)

/** A push, a digest and a pull, each of something small. */
export const asks: readonly Ask[] = [
  { kind: 'receive', of: (link, signal) => link.push(asked, signal) },
  { kind: 'digest', of: (link, signal) => link.digest({ root: new Uint8Array(32) }, signal) },
  { kind: 'serve', of: (link, signal) => collect(link.pull([{ feed: { journal: 'notes', part: 'log', origin: asker.did }, have: [] }], { limit: 10 }, signal)) }
]

/** All items of a pull. */
export async function collect (items: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = []
  for await (const item of items) all.push(Uint8Array.from(item))
  return all
}

/** Throws unless a call, or connect before it, has failed with this code. */
export function expectCode (outcome: unknown, code: string, when: string): void {
  expectThat(outcome === code, `${when} must fail with ${code}, but came to ${brief(outcome)}`)
}
