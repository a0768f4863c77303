import type { Did } from '../did.ts'
import { describeError } from '../errors.ts'
import type { NodeAnnouncer } from '../node-announcer.ts'
import type { Notices } from '../notices.ts'
import type { PeerView } from '../peer-book.ts'
import type { Transport } from '../transport.ts'
import { tunnelsFirst, type Tunnels } from '../tunnels.ts'
import { FanOut } from './fan-out.ts'
import { Greeting } from './greeting.ts'
import type { LinkLoop } from './link-loop.ts'
import { createLoop, type LinkOptions } from './link-opening.ts'
import type { Recovery } from './recovery.ts'
import { planTransports, type TransportPlan } from './transport-plan.ts'

export interface PeerLinkOptions extends LinkOptions {
  readonly own: Did
  /** To how many peers news is pushed as it comes. */
  readonly fanout: number
  readonly announcer: NodeAnnouncer
  readonly notices: Notices
  /** By plugin name, in the order of the configuration. */
  readonly transports: ReadonlyMap<string, Transport>
  readonly recovery: Recovery
  readonly tunnels: Pick<Tunnels, 'contains'>
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
  readonly #fanOut: FanOut
  readonly #links = new Map<Did, PeerLink>()
  readonly #plans = new Map<Did, TransportPlan>()
  readonly #closing = new Set<Promise<void>>()

  /** `changed` is called when a link has come into another state. */
  constructor (options: PeerLinkOptions, changed: () => void) {
    this.#options = options
    this.#changed = changed
    this.#fanOut = new FanOut(options.own, options.fanout)
  }

  get loops (): readonly LinkLoop[] {
    return [...this.#links.values()].map(({ loop }) => loop)
  }

  /** The links that work and over which news is not pushed, in an order that is this node's own. */
  get told (): readonly LinkLoop[] {
    const told = [...this.#links].filter(([, { loop }]) => loop.status.state === 'up' && !loop.eager).map(([did]) => did)
    return this.#fanOut.rank(told).flatMap((did) => this.#links.get(did)?.loop ?? [])
  }

  /** Those to whom a link works. */
  get working (): readonly Did[] {
    return [...this.#links].filter(([, { loop }]) => loop.status.state === 'up').map(([did]) => did)
  }

  to (did: Did): PeerLink | undefined {
    return this.#links.get(did)
  }

  /** The shared transports that may reach a peer, by plugin name, in order. */
  sharedFor (did: Did): readonly string[] {
    return this.#plans.get(did)?.shared ?? []
  }

  /** Why a peer has the transport that it has, or none. */
  reasonFor (did: Did): string {
    return this.#plans.get(did)?.reason ?? 'no address of it is known'
  }

  /** Opens and closes links so that they fit the trusted peers. */
  plan (trusted: readonly PeerView[]): void {
    for (const peer of trusted) this.#planPeer(peer)
    const stay = new Set(trusted.map(({ did }) => did))
    for (const did of this.#links.keys()) if (!stay.has(did)) this.#close(did)
  }

  /** Chooses the peers to which news is pushed as it comes, among those whose links work or may do so: one that is only suspected keeps its place. */
  chooseEager (): void {
    const open = [...this.#links].filter(([, { loop }]) => loop.status.state !== 'down').map(([did]) => did)
    const chosen = this.#fanOut.choose(open)
    for (const [did, { loop, greeting }] of this.#links) {
      loop.eager = chosen.has(did)
      if (chosen.has(did) && !greeting.passesOn) greeting.noteNews()
      greeting.passesOn = chosen.has(did)
    }
  }

  /** Tells all peers what is new about this node, and those to whom news is pushed what is new about others. */
  announce (isOwn: boolean): void {
    for (const { greeting, loop } of this.#links.values()) {
      if (!isOwn && !greeting.passesOn) continue
      greeting.noteNews()
      loop.ring()
    }
  }

  /** Sends something to every peer whose link works. Resolves when all have it or have failed. */
  async sendAll (items: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    await Promise.allSettled(this.loops.map((loop) => loop.send(items, signal)))
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
      const isUnmet = peer.addresses.length === 0 && [...transports.values()].some(({ reach }) => reach === 'peer')
      if (plan.direct === undefined && plan.shared.length === 0 && !isUnmet) notices.add('MESH_TRANSPORT_NONE', `no transport reaches ${peer.name} (${peer.did}): enable one under [[plugins]]`)
    } catch (error) {
      notices.add('MESH_HOOK_FAILED', describeError(error))
    }
  }

  #open (did: Did, name: string, transport: Transport): void {
    const { peers, announcer, clock, recovery, tunnels } = this.#options
    const addresses = () => tunnelsFirst(peers.get(did)?.addresses ?? [], tunnels)
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
