import { maxRequestBytes, MeshError, type Address, type Clock, type EnvelopeReceiver, type Identity, type Link, type LinkTarget, type Transport, type Tunnels } from '@akshi/core'
import { isLocal } from './access.ts'
import { AddressWatch } from './address-watch.ts'
import type { Dialler } from './dialler.ts'
import type { HttpPeerCaller } from './http-peer-caller.ts'
import { PeerClient } from './peer-client.ts'
import type { PeerClocks } from './peer-clocks.ts'
import { PeerLink } from './peer-link.ts'
import { MeshPort } from './port.ts'
import { Router, type RouterOptions } from './router.ts'

export interface HttpTransportOptions extends RouterOptions {
  readonly identity: Identity
  readonly clock: Clock
  readonly dialler: Dialler
  readonly requestTimeoutMs: number
  readonly maxConnections: number
  readonly tunnels: Pick<Tunnels, 'own'>
  readonly caller: HttpPeerCaller
  readonly clocks?: PeerClocks
  /** Where a port can be dialled, as of now. */
  readonly ownAddresses: (port: number) => readonly Address[]
}

/** Carries envelopes over HTTPS between nodes that know each other's key, and owns the node's one port. */
export class HttpTransport implements Transport {
  readonly reach = 'peer'
  readonly #options: HttpTransportOptions
  readonly #links = new Set<Link>()
  #port: MeshPort | undefined
  #boundPort: number | undefined
  readonly #watch: AddressWatch

  constructor (options: HttpTransportOptions) {
    this.#options = options
    const { clock, announcer, ownAddresses } = options
    this.#watch = new AddressWatch(clock, () => ownAddresses(this.#boundPort ?? 0), () => announcer.refresh())
  }

  /** The port while it is open. */
  get boundPort (): number | undefined {
    return this.#boundPort
  }

  /**
   * Opens the port, and makes it known.
   *
   * @throws MeshError `MESH_PORT_IN_USE` or `MESH_CONFIG_INVALID`.
   */
  async start (receiver: EnvelopeReceiver, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { identity, settings: { dashboard }, maxConnections, requestTimeoutMs, httpRoutes, announcer } = this.#options
    const port = new MeshPort({
      identity,
      bind: dashboard.bind,
      also: covers(dashboard.bind) ? [] : this.#options.tunnels.own.filter((host) => host !== dashboard.bind),
      port: dashboard.port,
      maxConnections,
      requestTimeoutMs,
      servesPlain: (remote, local) => isLocal(remote, local, dashboard.remote),
      listener: new Router(receiver, this.#options).handle
    })
    this.#boundPort = await port.listen()
    this.#port = port
    httpRoutes.baseUrl = baseUrl(dashboard.bind, this.#boundPort)
    announcer.refresh()
    this.#watch.start()
  }

  async connect (target: LinkTarget, signal: AbortSignal): Promise<Link> {
    signal.throwIfAborted()
    if (target.kind !== 'peer') throw new TypeError('The HTTP transport has links to peers only')
    if (this.#port === undefined) throw new MeshError('MESH_NOT_RUNNING', 'The HTTP transport is not running.')
    const { identity, dialler, requestTimeoutMs, clocks } = this.#options
    const client = new PeerClient({
      own: identity.did, peer: target.did, addresses: target.addresses, dialler, requestTimeoutMs, maxResponseBytes: maxRequestBytes, ...clocks !== undefined && { clocks }
    })
    const link: Link = new PeerLink(client, () => this.#links.delete(link))
    this.#links.add(link)
    return link
  }

  async stop (): Promise<void> {
    const port = this.#port
    this.#watch.stop()
    this.#port = undefined
    this.#boundPort = undefined
    this.#options.httpRoutes.baseUrl = undefined
    await Promise.all([port?.close(), this.#options.caller.close(), ...[...this.#links].map((link) => link.close())])
  }
}

/** Whether whoever listens there listens at every address of the machine. */
function covers (bind: string): boolean {
  return bind === '::'
}

/** Where this machine reaches a port bound to `bind`. */
function baseUrl (bind: string, port: number): string {
  if (bind === '0.0.0.0' || bind === '::') return `http://127.0.0.1:${port}`
  return `http://${bind.includes(':') ? `[${bind}]` : bind}:${port}`
}
