import type { Clock, Did, Random } from '@akshi/core'
import { HeardService } from './heard-service.ts'
import type { LanInterface } from './lan-interface.ts'
import type { MdnsPacket, MdnsQuestion, MdnsRecord } from './multicast.ts'
import { sameName, serviceType } from './records.ts'

const maxServices = 256
/** So many fit into one packet. */
const maxQuestions = 16

/**
 * The Akshi services heard of on one interface, each for as long as its records live. Bounded; the one that was heard of
 * first is dropped for a new one.
 */
export class ServiceCache {
  readonly #on: LanInterface
  readonly #own: Did
  readonly #clock: Clock
  readonly #random: Random
  readonly #services = new Map<string, HeardService>()

  /** `own`: this node, which hears itself and neither asks for itself nor tells others that it knows itself. */
  constructor (on: LanInterface, own: Did, clock: Clock, random: Random) {
    this.#on = on
    this.#own = own
    this.#clock = clock
    this.#random = random
  }

  get size (): number { return this.#services.size }

  get isFull (): boolean { return this.#services.size >= maxServices }

  all (): readonly HeardService[] {
    return [...this.#services.values()]
  }

  /** Takes a response. Returns the services that it tells something of. Costs time in proportion to the packet's size. */
  take ({ answers, additionals }: MdnsPacket): readonly HeardService[] {
    const records = [...answers, ...additionals]
    const touched = new Set<HeardService>()
    const note = (service: HeardService | undefined, record: MdnsRecord) => {
      if (service === undefined) return
      service.note(record, this.#clock.monotonic(), this.#random.uniform())
      touched.add(service)
    }
    for (const record of records) if (record.type === 'PTR' && sameName(record.name, serviceType)) note(this.#serviceFor(record), record)
    for (const record of records) if (record.type === 'SRV' || record.type === 'TXT') note(this.#services.get(record.name.toLowerCase()), record)
    const byTarget = this.#byTarget()
    for (const record of records) {
      if (record.type === 'A' || record.type === 'AAAA') for (const service of byTarget.get(record.name.toLowerCase()) ?? []) note(service, record)
    }
    return [...touched]
  }

  /** Forgets what is over. Returns how many services that were. */
  sweep (): number {
    const now = this.#clock.monotonic()
    const before = this.size
    for (const [key, service] of this.#services) {
      service.sweep(now)
      if (!service.isListed(now)) this.#services.delete(key)
    }
    return before - this.size
  }

  /** What to ask for now, each once, as much as fits into a packet. */
  questions (): readonly MdnsQuestion[] {
    const now = this.#clock.monotonic()
    const questions = new Map<string, MdnsQuestion>()
    for (const service of this.#others()) {
      if (questions.size >= maxQuestions) break
      for (const question of service.questions(this.#on, now)) questions.set(`${question.type} ${question.name.toLowerCase()}`, question)
    }
    return [...questions.values()]
  }

  /** PTR records to others that need no answer, with the time that remains. */
  knownAnswers (): readonly MdnsRecord[] {
    const now = this.#clock.monotonic()
    return this.#others().flatMap((service) => service.asKnownAnswer(now) ?? [])
  }

  /** A node does not answer any more: see `HeardService.doubt`. */
  doubt (did: Did): void {
    for (const service of this.#services.values()) if (service.did === did) service.doubt(this.#clock.monotonic())
  }

  #others (): readonly HeardService[] {
    return this.all().filter(({ did }) => did !== this.#own)
  }

  /** The service that a PTR leads to. Not one with a dot in its label: this plugin's codec could not repeat it in a question. */
  #serviceFor ({ data, ttl }: Extract<MdnsRecord, { readonly type: 'PTR' }>): HeardService | undefined {
    const key = data.toLowerCase()
    const known = this.#services.get(key)
    const label = data.slice(0, -serviceType.length - 1)
    if (known !== undefined || ttl === 0) return known
    if (!sameName(data, `${label}.${serviceType}`) || label === '' || label.includes('.') || Buffer.byteLength(label) > 63) return
    if (this.isFull) this.#services.delete(this.#services.keys().next().value ?? '')
    const service = new HeardService(label)
    this.#services.set(key, service)
    return service
  }

  #byTarget (): ReadonlyMap<string, readonly HeardService[]> {
    const byTarget = new Map<string, HeardService[]>()
    for (const service of this.#services.values()) {
      const target = service.target?.toLowerCase()
      if (target === undefined) continue
      const same = byTarget.get(target)
      if (same === undefined) byTarget.set(target, [service])
      else same.push(service)
    }
    return byTarget
  }
}
