import { describeError, MeshError, type Clock, type Logger, type Random } from '@akshi/core'
import type { Commands } from './commands.ts'
import { startFailure } from './device-failure.ts'
import { IpLink } from './ip-link.ts'
import { restartWaitMs } from './restart-wait.ts'
import { TurnQueue } from './turn-queue.ts'
import type { WgKey } from './tunnel-key.ts'
import { encodePeer, encodeReadd, encodeRemoval, encodeSettings, parsePeers } from './uapi-format.ts'
import { UapiRefusal, UapiSilence, UapiSocket } from './uapi-socket.ts'
import { UserspaceProcess, type UserspaceProgram } from './userspace-process.ts'
import type { WgDevice, WgPeer, WgPeerState, WgSettings } from './wg-device.ts'
import { checkPeer, checkSettings } from './wg-peer.ts'

export interface UapiDeviceParts {
  readonly program: UserspaceProgram
  readonly commands: Commands
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** A killed process is still seen for a moment after its interface has gone. */
const goingMs = 500
/** A process that lived so long did not fail at its start. */
const calmMs = 60_000

/** A device by a userspace WireGuard, which it starts, watches, and starts again with all its peers when it has died. */
export class UapiDevice implements WgDevice {
  readonly #parts: UapiDeviceParts
  readonly #peers = new Map<WgKey, WgPeer>()
  readonly #turns = new TurnQueue()
  readonly #closing = new AbortController()
  #settings: WgSettings | undefined
  #process: UserspaceProcess | undefined
  #socket: UapiSocket | undefined
  #supervision: Promise<void> = Promise.resolve()

  constructor (parts: UapiDeviceParts) {
    this.#parts = parts
  }

  async open (settings: WgSettings, signal: AbortSignal): Promise<void> {
    checkSettings(settings)
    this.#process = await this.#bringUp(settings, signal)
    this.#settings = settings
    this.#supervision = this.#supervise(settings, this.#process)
  }

  async peers (): Promise<readonly WgPeerState[]> {
    this.#requireOpen()
    return await this.#turns.take(async () => {
      const states = parsePeers(await this.#attempt((socket) => socket.get()) ?? '')
      for (const state of states) this.#rememberEndpoint(state)
      return states
    })
  }

  async setPeer (peer: WgPeer): Promise<void> {
    await this.#put(peer, encodePeer(peer))
  }

  async readd (peer: WgPeer): Promise<void> {
    await this.#put(peer, encodeReadd(peer))
  }

  async removePeer (publicKey: WgKey): Promise<void> {
    const { name } = this.#requireOpen()
    await this.#turns.take(async () => {
      const peer = this.#peers.get(publicKey)
      if (peer === undefined) return
      this.#peers.delete(publicKey)
      await this.#attempt(async (socket) => {
        await socket.set(encodeRemoval(publicKey))
        await this.#link.removeRoute(name, peer.address)
      })
    })
  }

  async close (): Promise<void> {
    this.#closing.abort()
    this.#settings = undefined
    await this.#supervision
    await this.#process?.stop()
    this.#process = undefined
  }

  get #link (): IpLink { return new IpLink(this.#parts.commands) }

  async #put (peer: WgPeer, settings: string): Promise<void> {
    checkPeer(peer)
    const { name } = this.#requireOpen()
    await this.#turns.take(async () => {
      const before = this.#peers.get(peer.publicKey)
      this.#peers.set(peer.publicKey, { ...before?.endpoint === undefined ? {} : { endpoint: before.endpoint }, ...peer })
      await this.#attempt(async (socket) => {
        await socket.set(settings).catch((error: unknown) => this.#takeBack(socket, peer.publicKey, before, error))
        if (before?.address === peer.address) return
        if (before !== undefined) await this.#link.removeRoute(name, before.address)
        await this.#link.addRoutes(name, [peer.address])
      })
    })
  }

  /** Does nothing while the process is away, just going, or to be replaced: what is in the book is set when it comes back. */
  async #attempt<Result> (task: (socket: UapiSocket) => Promise<Result>): Promise<Result | undefined> {
    const [socket, process] = [this.#socket, this.#process]
    if (socket === undefined) return undefined
    try {
      return await task(socket)
    } catch (cause) {
      if (!(cause instanceof UapiRefusal) && await process?.endsWithin(goingMs) !== false) return undefined
      if (cause instanceof UapiSilence && socket === this.#socket) return this.#replace(cause)
      throw new MeshError('MESH_NOT_RUNNING', `The WireGuard device does not do as told: ${describeError(cause)}.`, { cause })
    }
  }

  /** A process that does not answer any more is as good as dead. Its end is noticed as any other's. */
  #replace ({ message }: UapiSilence): undefined {
    this.#parts.logger.warn(`${this.#parts.program.program} hangs (${message}) and is killed.`)
    this.#socket = undefined
    this.#process?.kill()
  }

  /** What the device refuses it shall not get at its next start either. Of a new peer it keeps what came before the bad word. */
  async #takeBack (socket: UapiSocket, publicKey: WgKey, before: WgPeer | undefined, error: unknown): Promise<never> {
    if (!(error instanceof UapiRefusal)) throw error
    if (before !== undefined) this.#peers.set(publicKey, before)
    else if (this.#peers.delete(publicKey)) await socket.set(encodeRemoval(publicKey))
    throw error
  }

  #requireOpen (): WgSettings {
    if (this.#settings === undefined) throw new MeshError('MESH_NOT_RUNNING', 'The WireGuard device is not open.')
    return this.#settings
  }

  /** Where a peer was last, it is most likely to be after a restart. */
  #rememberEndpoint ({ publicKey, endpoint }: WgPeerState): void {
    const peer = this.#peers.get(publicKey)
    if (peer !== undefined && endpoint !== undefined) this.#peers.set(publicKey, { ...peer, endpoint })
  }

  async #bringUp (settings: WgSettings, signal: AbortSignal): Promise<UserspaceProcess> {
    const { commands, clock, program } = this.#parts
    const socket = new UapiSocket(settings.name, clock)
    let process: UserspaceProcess | undefined
    try {
      process = await UserspaceProcess.start({ program, commands, clock, link: this.#link, socket }, settings, signal)
      await this.#link.up(settings)
      await this.#turns.take(() => this.#configure(settings, socket))
      return process
    } catch (error) {
      this.#socket = undefined
      await process?.stop()
      throw startFailure(error, settings, signal)
    }
  }

  /** After the interface is up, since only then the port is bound. All peers are met at once: those that know this node hold dead sessions. */
  async #configure (settings: WgSettings, socket: UapiSocket): Promise<void> {
    await socket.set(encodeSettings(settings))
    for (const peer of this.#peers.values()) await socket.set(encodeReadd(peer)).catch((error: unknown) => this.#reportLost(peer, error))
    await this.#link.addRoutes(settings.name, [...this.#peers.values()].map(({ address }) => address))
    this.#socket = socket
  }

  /** The interface of a link-local endpoint may have gone meanwhile: that is one tunnel less, and not all. */
  #reportLost ({ publicKey }: WgPeer, error: unknown): void {
    if (!(error instanceof UapiRefusal)) throw error
    this.#parts.logger.warn(`The tunnel to ${publicKey} cannot be made again: ${error.message}.`)
  }

  async #supervise (settings: WgSettings, first: UserspaceProcess): Promise<void> {
    const { clock, logger, program } = this.#parts
    const closed = new Promise<void>((resolve) => this.#closing.signal.addEventListener('abort', () => resolve()))
    let process: UserspaceProcess | undefined = first
    for (let failures = 0; process !== undefined; failures++) {
      const startedMs = clock.monotonic()
      const why: string | void = await Promise.race([process.ended, closed])
      if (why === undefined) return
      this.#process = this.#socket = undefined
      if (clock.monotonic() - startedMs > calmMs) failures = 0
      logger.warn(`${program.program} has ended (${why}). The tunnels on ${settings.name} are down; it is started again.`)
      this.#process = process = await this.#restart(settings, failures)
    }
  }

  /** Tries until it runs; nothing when the device is closed meanwhile. */
  async #restart (settings: WgSettings, failures: number): Promise<UserspaceProcess | undefined> {
    const { clock, logger, random } = this.#parts
    for (let tries = failures; !this.#closing.signal.aborted; tries++) {
      try {
        await clock.sleep(restartWaitMs(tries, random), this.#closing.signal)
        return await this.#bringUp(settings, this.#closing.signal)
      } catch (error) {
        if (!this.#closing.signal.aborted) logger.warnOnce('wireguard-restart', `${settings.name} cannot be made again yet: ${describeError(error)}`)
      }
    }
  }
}
