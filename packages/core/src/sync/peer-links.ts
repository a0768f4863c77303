import type { Did } from '../did.ts'
import { describeError } from '../errors.ts'
import type { NodeAnnouncer } from '../node-announcer.ts'
import type { Notices } from '../notices.ts'
import type { PeerView } from '../peer-book.ts'
import type { Transport } from '../transport.ts'
import { Greeting } from './greeting.ts'
import type { LinkLoop } from './link-loop.ts'
import { createLoop, type LinkOptions } from './link-opening.ts'
import type { Recovery } from './recovery.ts'
import { planTransports, type TransportPlan } from './transport-plan.ts'

export interface PeerLinkOptions extends LinkOptions {
  readonly announcer: NodeAnnouncer
  readonly notices: Notices
  /** By plugin name, in the order of the configuration. */
  readonly transports: ReadonlyMap<string, Transport>
  readonly recovery: Recovery
}

/** A link to a peer, over the transport of this plugin. */
export interface PeerLink {
  readonly transport: string
  readonly loop: LinkLoop
  readonly greeting: Greeting
}

/** A link to each trusted peer that can be dialled, and the plan by which each is reached. */
export class PeerLinks {
  readonly #options: PeerLinkOptions
  readonly #changed: () => void
  readonly #links = new Map<Did, PeerLink>()
  readonly #plans = new Map<Did, TransportPlan>()
  readonly #closing = new Set<Promise<void>>()

  /** `changed` is called when a link has come into another state. */
  constructor (options: PeerLinkOptions, changed: () => void) {
    this.#options = options
    this.#changed = changed
  }

  get loops (): readonly LinkLoop[] {
    return [...this.#links.values()].map(({ loop }) => loop)
  }

  to (did: Did): PeerLink | undefined {
    return this.#links.get(did)
  }

  /** The shared transports that may reach a peer, by plugin name, in order. */
  sharedFor (did: Did): readonly string[] {
    return this.#plans.get(did)?.shared ?? []
  }

  /** Opens and closes links so that they fit the trusted peers. */
  plan (trusted: readonly PeerView[]): void {
    for (const peer of trusted) this.#planPeer(peer)
    for (const did of this.#links.keys()) if (!trusted.some((peer) => peer.did === did)) this.#close(did)
  }

  /** Tells all peers what is new about nodes. */
  announce (): void {
    for (const { greeting, loop } of this.#links.values()) {
      greeting.noteNews()
      loop.ring()
    }
  }

  /** Resolves when all links are closed. */
  async stop (): Promise<void> {
    await Promise.all([...this.loops.map((loop) => loop.stop()), ...this.#closing])
  }

  #planPeer (peer: PeerView): void {
    const { transports, hooks, notices } = this.#options
    try {
      const plan = planTransports(peer, transports, hooks)
      const link = this.#links.get(peer.did)
      if (link !== undefined && link.transport !== plan.direct) this.#close(peer.did)
      this.#plans.set(peer.did, plan)
      if (this.#links.has(peer.did)) return
      const transport = transports.get(plan.direct ?? '')
      if (plan.direct !== undefined && transport !== undefined) this.#open(peer.did, plan.direct, transport)
      if (plan.direct === undefined && plan.shared.length === 0) notices.add('MESH_TRANSPORT_NONE', `no transport reaches ${peer.name} (${peer.did}): enable one under [[plugins]]`)
    } catch (error) {
      notices.add('MESH_HOOK_FAILED', describeError(error))
    }
  }

  #open (did: Did, name: string, transport: Transport): void {
    const { peers, announcer, clock, recovery } = this.#options
    const addresses = () => peers.get(did)?.addresses ?? []
    const greeting = new Greeting(did, peers, announcer, clock)
    const connect = (signal: AbortSignal) => {
      greeting.forget()
      return transport.connect({ kind: 'peer', did, addresses }, signal)
    }
    const loop = createLoop(this.#options, { transport: name, source: { kind: 'peer', did }, connect, greeting }, this.#changed)
    this.#links.set(did, { transport: name, loop, greeting })
    recovery.ask()
    loop.start()
  }

  #close (did: Did): void {
    const closing = this.#links.get(did)?.loop.stop().finally(() => this.#closing.delete(closing as Promise<void>))
    this.#links.delete(did)
    this.#plans.delete(did)
    if (closing !== undefined) this.#closing.add(closing)
  }
}
