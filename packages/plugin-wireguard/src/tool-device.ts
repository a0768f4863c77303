import { describeError, MeshError } from '@akshi/core'
import type { Commands } from './commands.ts'
import { startFailure } from './device-failure.ts'
import { IpLink } from './ip-link.ts'
import { TurnQueue } from './turn-queue.ts'
import type { WgKey } from './tunnel-key.ts'
import type { WgDevice, WgPeer, WgPeerState, WgSettings } from './wg-device.ts'
import { parseDump } from './wg-dump.ts'
import { checkPeer, checkSettings, formatEndpoint, kickSecs } from './wg-peer.ts'

/** A device of the kernel, by the `ip` and `wg` tools. The kernel keeps it: nothing has to be watched or started again. */
export class ToolDevice implements WgDevice {
  readonly #commands: Commands
  readonly #link: IpLink
  readonly #turns = new TurnQueue()
  /** Where the routes of the peers go. */
  readonly #addresses = new Map<WgKey, string>()
  #settings: WgSettings | undefined

  constructor (commands: Commands) {
    this.#commands = commands
    this.#link = new IpLink(commands)
  }

  async open (settings: WgSettings, signal: AbortSignal): Promise<void> {
    checkSettings(settings)
    signal.throwIfAborted()
    try {
      await this.#link.removeStale(settings)
      await this.#link.addKernel(settings)
      await this.#link.up(settings)
      await this.#giveKey(settings)
      signal.throwIfAborted()
      this.#settings = settings
    } catch (error) {
      await this.#link.removeStale(settings).catch(() => {})      // what stands in the way is what is told
      throw startFailure(error, settings, signal)
    }
  }

  async peers (): Promise<readonly WgPeerState[]> {
    return parseDump(await this.#wg('show', this.#requireOpen().name, 'dump'))
  }

  async setPeer (peer: WgPeer): Promise<void> {
    await this.#put(peer, peerWords(peer))
  }

  /** As in the message of the userspace device: remove, add, and for a silent peer a keepalive for a moment. */
  async readd (peer: WgPeer): Promise<void> {
    const again = ['peer', peer.publicKey, 'remove', ...peerWords({ ...peer, keepaliveSecs: peer.keepaliveSecs || kickSecs })]
    await this.#put(peer, peer.keepaliveSecs === 0 ? [...again, ...peerWords(peer)] : again)
  }

  async removePeer (publicKey: WgKey): Promise<void> {
    const { name } = this.#requireOpen()
    await this.#turns.take(async () => {
      const address = this.#addresses.get(publicKey)
      if (address === undefined) return
      await this.#wg('set', name, 'peer', publicKey, 'remove')
      this.#addresses.delete(publicKey)
      await this.#link.removeRoute(name, address)
    })
  }

  async close (): Promise<void> {
    const settings = this.#settings
    this.#settings = undefined
    if (settings !== undefined) await this.#turns.take(() => this.#link.remove(settings.name))
  }

  async #put (peer: WgPeer, words: readonly string[]): Promise<void> {
    checkPeer(peer)
    const { name } = this.#requireOpen()
    await this.#turns.take(async () => {
      const before = this.#addresses.get(peer.publicKey)
      await this.#wg('set', name, ...words)
      this.#addresses.set(peer.publicKey, peer.address)
      if (before === peer.address) return
      if (before !== undefined) await this.#link.removeRoute(name, before)
      await this.#link.addRoutes(name, [peer.address])
    })
  }

  /** Through a pipe of a shell: `wg` opens /dev/stdin anew, which it cannot with the socket that Node gives to a child. */
  async #giveKey ({ name, privateKey, listenPort }: WgSettings): Promise<void> {
    const script = 'cat | wg set "$0" listen-port "$1" private-key /dev/stdin'
    await this.#commands.run('sh', ['-c', script, name, String(listenPort)], Buffer.from(privateKey).toString('base64') + '\n')
  }

  async #wg (...words: string[]): Promise<string> {
    try {
      return await this.#commands.run('wg', words)
    } catch (cause) {
      throw new MeshError('MESH_NOT_RUNNING', `The WireGuard device does not do as told: ${describeError(cause)}.`, { cause })
    }
  }

  #requireOpen (): WgSettings {
    if (this.#settings === undefined) throw new MeshError('MESH_NOT_RUNNING', 'The WireGuard device is not open.')
    return this.#settings
  }
}

function peerWords ({ publicKey, address, endpoint, keepaliveSecs }: WgPeer): string[] {
  const place = endpoint === undefined ? [] : ['endpoint', formatEndpoint(endpoint)]
  return ['peer', publicKey, ...place, 'persistent-keepalive', String(keepaliveSecs), 'allowed-ips', `${address}/128`]
}
