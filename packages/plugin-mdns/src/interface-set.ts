import { describeError, type Clock, type Logger } from '@akshi/core'
import type { Channel } from './channel.ts'
import type { InterfaceSelection, LanInterface } from './lan-interface.ts'
import { explainProblem } from './problem.ts'

/** What an interface set asks for. */
export interface InterfaceSetOptions {
  readonly port: number
  /** Which interfaces to use now. */
  readonly interfaces: () => InterfaceSelection
  /** A channel that is not open. */
  readonly makeChannel: (on: LanInterface) => Channel
  /** A channel has been opened, perhaps in place of one that was on the same interface before it had other addresses. */
  readonly opened: (channel: Channel, former: Channel | undefined) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

/** An interface whose channel could not be opened. */
export interface FailedInterface {
  readonly on: LanInterface
  readonly error: unknown
  readonly retryAt: number
}

const retryMs = 5_000
const none: InterfaceSelection = { selected: [], missing: [], left: [] }

/** The channels of this node: one for each interface and family, as the interfaces come, change and go. */
export class InterfaceSet {
  readonly #options: InterfaceSetOptions
  readonly #channels = new Map<string, Channel>()
  readonly #failed = new Map<string, FailedInterface>()
  #isClosed = false
  #work: Promise<void> = Promise.resolve()
  #said = ''
  #selection: InterfaceSelection = none

  constructor (options: InterfaceSetOptions) {
    this.#options = options
  }

  get channels (): readonly Channel[] { return [...this.#channels.values()] }

  get failed (): readonly FailedInterface[] { return [...this.#failed.values()] }

  /** As it was last. */
  get selection (): InterfaceSelection { return this.#selection }

  /** Opens and closes what is due. Resolves when that is done; never rejects. What cannot be opened is said, and tried again. */
  follow (): Promise<void> {
    this.#work = this.#work.then(() => this.#follow())
    return this.#work
  }

  /** Closes all channels, for good. */
  async close (): Promise<void> {
    this.#isClosed = true
    await this.#work
    await Promise.all(this.channels.map((channel) => channel.close()))
    this.#channels.clear()
  }

  async #follow (): Promise<void> {
    if (this.#isClosed) return
    this.#selection = this.#select()
    const { selected } = this.#selection
    this.#tellWhatIsMissing()
    const keys = new Set(selected.map(({ key }) => key))
    for (const key of this.#failed.keys()) if (!keys.has(key)) this.#failed.delete(key)
    const gone = this.channels.filter(({ on }) => !keys.has(on.key))
    for (const { on } of gone) this.#channels.delete(on.key)
    await Promise.all(selected.filter((on) => this.#isDue(on)).map((on) => this.#open(on, gone.find((former) => isSamePlace(former.on, on)))))
    await Promise.all(gone.map((channel) => channel.close()))
  }

  #select (): InterfaceSelection {
    const { interfaces, logger } = this.#options
    try {
      return interfaces()
    } catch (error) {
      logger.warnOnce('mdns-interfaces', `mDNS: the system does not tell its interfaces: ${describeError(error)}. Peers under [[mesh.peers]] are still reached.`)
      return none
    }
  }

  #isDue ({ key }: LanInterface): boolean {
    return !this.#channels.has(key) && (this.#failed.get(key)?.retryAt ?? 0) <= this.#options.clock.monotonic()
  }

  async #open (on: LanInterface, former: Channel | undefined): Promise<void> {
    const { makeChannel, opened, clock, port, logger } = this.#options
    const channel = makeChannel(on)
    try {
      await channel.open()
    } catch (error) {
      const { key, message } = explainProblem(error, on, port)
      logger.warnOnce(`mdns-${key}-${on.name}-${on.family}`, message)
      this.#failed.set(on.key, { on, error, retryAt: clock.monotonic() + retryMs })
      return
    }
    this.#failed.delete(on.key)
    this.#channels.set(on.key, channel)
    try {
      await opened(channel, former)
    } catch (error) {
      logger.error('mDNS: an interface cannot be used', { interface: on.name, error: describeError(error) })
    }
  }

  /** Each state of things once. */
  #tellWhatIsMissing (): void {
    const { logger } = this.#options
    const { selected, missing } = this.#selection
    const said = JSON.stringify([missing, selected.length > 0])
    if (said === this.#said) return
    this.#said = said
    for (const name of missing) logger.warn(`mDNS: this machine has no interface and no IPv4 address "${name}" now. If it is not to come, correct the plugin's "interfaces".`)
    if (selected.length === 0) logger.warn('mDNS finds nobody: there is no interface to use. Connect the machine to a network, name one with the plugin\'s "interfaces", or list peers under [[mesh.peers]].')
  }
}

function isSamePlace (one: LanInterface, other: LanInterface): boolean {
  return one.name === other.name && one.family === other.family
}
