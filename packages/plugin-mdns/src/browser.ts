import type { Clock, Did, Logger, PeerCandidate, Random, Timer } from '@akshi/core'
import { Allowance } from './allowance.ts'
import { HeardService } from './heard-service.ts'
import type { LanInterface } from './lan-interface.ts'
import type { MdnsPacket, MdnsRecord } from './multicast.ts'
import { question, sameName, serviceType } from './records.ts'
import { ServiceCache } from './service-cache.ts'

/** What a browser asks for. `send` never rejects. */
export interface BrowserOptions {
  readonly on: LanInterface
  /** This node's own: it is heard, and not reported. */
  readonly did: Did
  /** Whether a node is trusted already: a flood of strangers must not hide it. */
  readonly trusts: (did: Did) => boolean
  readonly maxQueryIntervalMs: number
  readonly send: (packet: MdnsPacket) => Promise<void>
  readonly report: (candidate: PeerCandidate) => void
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

const firstIntervalMs = 1_000
const backoffFactor = 2
const maxKnownBytes = 1_100
/** Each report may cost a dial. */
const strangers = { most: 64, perSec: 4 }
const minRepeatMs = 1_000

/**
 * Asks for nodes on one interface and reports those it hears of, now and then again while they are there. Questions follow
 * each other at growing intervals (RFC 6762 section 5.2); answers may come unasked.
 */
export class Browser {
  readonly #options: BrowserOptions
  readonly #cache: ServiceCache
  readonly #reports = new Map<Did, { readonly text: string, readonly at: number }>()
  readonly #strangers: Allowance
  readonly #trusted: Allowance
  #timer: Timer | undefined

  constructor (options: BrowserOptions) {
    const { on, did, clock, random } = options
    this.#options = options
    this.#cache = new ServiceCache(on, did, clock, random)
    this.#strangers = new Allowance(strangers.most, strangers.perSec, clock)
    this.#trusted = new Allowance(strangers.most, strangers.perSec, clock)
  }

  /** What was heard of others, each for as long as it holds. */
  get services (): readonly HeardService[] {
    return this.#cache.all().filter(({ did }) => did !== undefined && did !== this.#options.did)
  }

  /** Asks after 20 to 120 ms, so that nodes that were switched on together do not ask at once, and goes on asking. */
  start (): void {
    const { clock, random } = this.#options
    this.#timer = clock.timer(20 + 100 * random.uniform(), () => this.#ask(firstIntervalMs))
  }

  /** Takes a response. Returns whether it told of a node that was not known. */
  hear (packet: MdnsPacket): boolean {
    if (this.#cache.isFull) this.#warn('full', 'more Akshi services are announced there than are kept: the oldest are forgotten')
    return this.#cache.take(packet).map((service) => this.#look(service)).includes(true)
  }

  /**
   * Takes what a node means to announce once it knows that its name is free: a claim like any other, which core proves, and
   * most of a second earlier. It is not kept, since it is no answer.
   */
  hearClaims (records: readonly MdnsRecord[]): boolean {
    const claim = records.find((record) => record.type === 'SRV' && record.name.toLowerCase().endsWith(`.${serviceType}`))
    if (claim?.type !== 'SRV') return false
    const service = new HeardService(claim.name.slice(0, -serviceType.length - 1))
    const isOfIt = ({ name, type }: MdnsRecord) => type === 'A' || type === 'AAAA' ? sameName(name, claim.data.target) : sameName(name, claim.name)
    for (const record of records.filter(isOfIt)) service.note(record, this.#options.clock.monotonic(), 0)
    return this.#look(service)
  }

  /** To be called about once a second: forgets what is over, and asks for what is about to be. */
  async tick (): Promise<void> {
    this.#cache.sweep()
    const questions = this.#cache.questions()
    if (questions.length > 0) await this.#options.send(question(questions, questions.some(({ name }) => name === serviceType) ? this.#knownAnswers()[0] : []))
  }

  /** A node does not answer any more: unless somebody says soon that it is there, it is forgotten. */
  doubt (did: Did): void {
    this.#cache.doubt(did)
  }

  stop (): void {
    this.#timer?.cancel()
  }

  async #ask (intervalMs: number): Promise<void> {
    const { clock, maxQueryIntervalMs, send } = this.#options
    const waitMs = Math.min(intervalMs, maxQueryIntervalMs)
    this.#timer = clock.timer(waitMs, () => this.#ask(waitMs * backoffFactor))
    this.#cache.sweep()
    for (const service of this.#cache.all()) this.#look(service)
    const [first = [], ...more] = this.#knownAnswers()
    await send(question([{ name: serviceType, type: 'PTR' }], first, more.length > 0))
    for (const [index, known] of more.entries()) await send(question([], known, index < more.length - 1))
  }

  /** In as many parts as it takes packets: the codec does not compress names (RFC 6762 section 7.2). */
  #knownAnswers (): readonly (readonly MdnsRecord[])[] {
    const parts: MdnsRecord[][] = []
    let room = 0
    for (const record of this.#cache.knownAnswers()) {
      const bytes = Buffer.byteLength(record.name + String(record.data)) + 14
      if (bytes > room) {
        parts.push([])
        room = maxKnownBytes
      }
      parts.at(-1)?.push(record)
      room -= bytes
    }
    return parts
  }

  /** Reports a service if it is a node, and not too often. Returns whether that one is new here. */
  #look (service: HeardService): boolean {
    const { on, did } = this.#options
    const reading = service.read(on)
    if ('problem' in reading && service.did !== did) this.#warn('refused', `${reading.problem}`, { service: service.label })
    return 'candidate' in reading && reading.candidate.did !== did && this.#report(reading.candidate)
  }

  #report (candidate: PeerCandidate): boolean {
    const { report, trusts, clock } = this.#options
    const { did } = candidate
    const text = JSON.stringify(candidate.addresses)
    const last = this.#reports.get(did)
    const now = clock.monotonic()
    if (last?.text === text && now - last.at < minRepeatMs) return false
    if (last?.text !== text && !(trusts(did) ? this.#trusted : this.#strangers).take()) {
      this.#warn('flood', 'more new nodes are announced there than can be dialled: some must wait')
      return false
    }
    this.#note(did, text, now)
    report(candidate)
    return last === undefined
  }

  /** Bounded like the cache, whatever passes through that. */
  #note (did: Did, text: string, at: number): void {
    this.#reports.delete(did)
    this.#reports.set(did, { text, at })
    if (this.#reports.size > 512) this.#reports.delete(this.#reports.keys().next().value ?? did)
  }

  /** Anybody can cause it, so it is said once. */
  #warn (key: string, problem: string, fields = {}): void {
    const { logger, on } = this.#options
    logger.warnOnce(`mdns-${key}-${on.key}`, `Akshi services heard over mDNS on ${on.name}: ${problem}.`, { ...fields, interface: on.name })
  }
}
