import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PeerStatus } from '@akshi/core'
import { ensureTunnelKey, tunnelAddress, tunnelKeyPath, type WgKey } from '@akshi/plugin-wireguard'
import { LiveNode, type Laboratory } from './live-node.ts'

/** Where its tunnels come out, UDP. */
export const wireguardPort = 51_820
let made = 0

/** What a node's device says of its tunnel to another. */
export interface Tunnel {
  /** `host:port`. */
  readonly endpoint: string
  /** Whether there was a handshake. */
  readonly isShaken: boolean
  /** Bytes. */
  readonly received: number
}

/** Who it trusts, and where it hears them. */
export interface TunnelledConfig {
  /** The address of its dashboard port. */
  readonly bind: string
  readonly peers: readonly TunnelledNode[]
  /** Those of whom its operator was told where they are. */
  readonly places: readonly TunnelledNode[]
  /** Those of whom its operator was told the key. */
  readonly keys: readonly TunnelledNode[]
}

/** A host of a laboratory with one node that makes tunnels. Dispose it, which ends that at once. */
export class TunnelledNode implements AsyncDisposable {
  readonly host: number
  readonly live: LiveNode
  readonly publicKey: WgKey
  /** A name that no other device of this machine has: their sockets share a folder. */
  readonly device = `ak${process.pid.toString(36)}-${(made++).toString(36)}`
  readonly #lab: Laboratory

  private constructor (lab: Laboratory, host: number, live: LiveNode, publicKey: WgKey) {
    this.#lab = lab
    this.host = host
    this.live = live
    this.publicKey = publicKey
  }

  /** A node that does not run yet, with its folder in this one. */
  static async make (lab: Laboratory, host: number, folder: string): Promise<TunnelledNode> {
    const live = await LiveNode.make(lab, host, folder)
    return new TunnelledNode(lab, host, live, (await ensureTunnelKey(tunnelKeyPath(live.home))).key.publicKey)
  }

  /** Its address inside. */
  get address (): string {
    return tunnelAddress(this.publicKey)
  }

  /** Writes its runtime.toml. */
  async configure ({ bind, peers, places, keys }: TunnelledConfig): Promise<void> {
    await writeFile(join(this.live.home, 'runtime.toml'), [
      '[node]', `name = "${this.live.name}"`, '[dashboard]', `bind = "${bind}"`, '[telemetry]', 'log_level = "debug"',
      ...peers.filter((peer) => peer !== this).flatMap((peer) => [
        '[[mesh.peers]]', `name = "${peer.live.name}"`, `node_did = "${peer.live.did}"`,
        ...places.includes(peer) ? [`endpoint = "${peer.live.address}:${wireguardPort}"`] : [],
        ...keys.includes(peer) ? [`wireguard_public_key = "${peer.publicKey}"`] : []
      ]),
      '[[plugins]]', 'package = "@akshi/plugin-http"',
      '[[plugins]]', 'package = "@akshi/plugin-wireguard"', `config = { interface = "${this.device}", listen_port = ${wireguardPort} }`, ''
    ].join('\n'))
  }

  /** What its host's own tools print. */
  async on (...argv: string[]): Promise<string> {
    return (await promisify(execFile)('ip', this.#lab.command(this.host, ...argv))).stdout
  }

  /** Nothing when there is none. */
  async tunnelTo (other: TunnelledNode): Promise<Tunnel | undefined> {
    const [, ...peers] = (await this.on('wg', 'show', this.device, 'dump')).trim().split('\n').map((line) => line.split('\t'))
    const [publicKey, , endpoint = '', , shaken, received] = peers.find(([key]) => key === other.publicKey) ?? []
    return publicKey === undefined ? undefined : { endpoint, isShaken: shaken !== '0', received: Number(received) }
  }

  /** What it says of another. */
  async peer (other: TunnelledNode): Promise<PeerStatus | undefined> {
    return (await this.live.status()).peers.find(({ did }) => did === other.live.did)
  }

  /** The way that envelopes take to another, as it says: `tunnel 203.0.113.12:51820`, `via host0: both NATs are symmetric`. */
  async pathTo (other: TunnelledNode): Promise<string> {
    const { kind, at, through, reason } = (await this.peer(other))?.path ?? { kind: 'unknown' }
    return `${kind} ${at ?? through?.join() ?? ''}${reason === undefined ? '' : `: ${reason}`}`
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.live[Symbol.asyncDispose]()
    rmSync(`/var/run/wireguard/${this.device}.sock`, { force: true })       // it was killed
  }
}
