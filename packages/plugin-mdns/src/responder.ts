import type { Clock, Random, Timer } from '@akshi/core'
import type { MdnsPacket, MdnsRecord, PacketSource } from './multicast.ts'
import { asksFor, PendingAnswers } from './pending-answers.ts'
import { sameRecord } from './record-order.ts'
import { enumerationRecord, goodbye, isUnique, response, sameName, serviceType } from './records.ts'

/** What a responder asks for. `send` never rejects. */
export interface ResponderOptions {
  readonly send: (packet: MdnsPacket, to?: PacketSource) => Promise<void>
  readonly clock: Clock
  readonly random: Random
}

/** Records are multicast at most once in this time, whoever asks how often (RFC 6762 section 6). */
const minGapMs = 1_000
/** But to defend them (RFC 6762 section 6). */
const minDefenceGapMs = 250
/** In answers to those that keep no cache to be flushed (RFC 6762 section 6.7). */
const legacyTtlSecs = 10

/**
 * Speaks for this node on one interface: announces its records twice, answers questions for them, defends their names,
 * and takes them back. Several questions in a short time get one answer. An answer always carries the whole set, so
 * that nobody needs to ask twice.
 */
export class Responder {
  readonly #options: ResponderOptions
  readonly #pending = new PendingAnswers()
  #records: readonly MdnsRecord[] = []
  #sentAt = -Infinity
  #answerTimer: Timer | undefined
  #repeatTimer: Timer | undefined

  constructor (options: ResponderOptions) {
    this.#options = options
  }

  /** What is advertised now. */
  get records (): readonly MdnsRecord[] { return this.#records }

  /**
   * Announces these records in place of the former; what they do not replace is taken back first. None leaves this node
   * silent. Resolves when the packets were handed to the system.
   */
  async advertise (records: readonly MdnsRecord[]): Promise<void> {
    const gone = this.#records.filter((former) => !records.some((record) => replaces(record, former)))
    this.#records = records
    this.#forgetQuestions()
    this.#repeatTimer?.cancel()
    const farewell = gone.length === 0 ? undefined : this.#options.send(goodbye(gone))
    if (records.length > 0) await this.#announce()
    await farewell
  }

  /** Says nothing more, and takes nothing back: the names may be another's. */
  fallSilent (): void {
    this.#records = []
    this.#forgetQuestions()
    this.#repeatTimer?.cancel()
  }

  /**
   * Answers after 20 to 120 ms, or when the asker has told all that it knows; at once what only this node can answer. Not
   * what the asker knows already, nor what is not for this node to give.
   */
  answer (query: MdnsPacket, from: PacketSource): void {
    if (this.#records.length === 0) return
    this.#pending.note(query, from.address, [...this.#records, enumerationRecord])
    if (this.#pending.size === 0) return
    const { random } = this.#options
    if (query.truncated) this.#answerIn(400 + 100 * random.uniform())
    else if (this.#answerTimer === undefined) this.#answerIn(this.#pending.areUnique ? 0 : 20 + 100 * random.uniform())
  }

  /** Answers one that is no responder itself, with what it takes: its question and number, no bit that it does not know, and a short life. */
  async answerAlone ({ id, questions }: MdnsPacket, to: PacketSource): Promise<void> {
    const answers = [...this.#records, enumerationRecord].filter((record) => questions.some((question) => asksFor(question, record)))
    if (this.#records.length === 0 || answers.length === 0) return
    const modest = (record: MdnsRecord): MdnsRecord => ({ ...record, flush: false, ttl: Math.min(record.ttl, legacyTtlSecs) })
    await this.#options.send({ ...response(answers.map(modest), this.#rest(answers).map(modest)), id, questions }, to)
  }

  /** Says at once whose the names are, to one that means to take them. */
  async defend (claims: readonly MdnsRecord[]): Promise<void> {
    const isMeant = this.#records.some((record) => isUnique(record) && claims.some(({ name }) => sameName(name, record.name)))
    if (!isMeant || this.#options.clock.monotonic() < this.#sentAt + minDefenceGapMs) return
    await this.#multicast(response(this.#records))
  }

  /** Lets one that has just come know of this node, as if it had asked: its question may have been lost. */
  greet (newcomer: PacketSource): void {
    this.answer({ ...response([]), type: 'query', questions: [{ name: serviceType, type: 'PTR' }] }, newcomer)
  }

  /** Takes what others answer. */
  hear ({ answers }: MdnsPacket): void {
    this.#pending.dropSaid(answers)
  }

  #answerIn (soonMs: number): void {
    const { clock } = this.#options
    this.#answerTimer?.cancel()
    this.#answerTimer = clock.timer(Math.max(soonMs, this.#sentAt + minGapMs - clock.monotonic()), () => {
      this.#answerTimer = undefined
      const answers = this.#pending.take()
      return answers.length === 0 ? undefined : this.#multicast(response(answers, this.#rest(answers)))
    })
  }

  /** What an answer is to carry besides, but for subtypes, which lead here only. */
  #rest (answers: readonly MdnsRecord[]): readonly MdnsRecord[] {
    return this.#records.filter((record) => !answers.includes(record) && (isUnique(record) || record.name === serviceType))
  }

  #announce (): Promise<void> {
    this.#repeatTimer = this.#options.clock.timer(minGapMs, () => this.#multicast(response(this.#records)))
    return this.#multicast(response(this.#records))
  }

  #multicast (packet: MdnsPacket): Promise<void> {
    this.#forgetQuestions()
    this.#sentAt = this.#options.clock.monotonic()
    return this.#options.send(packet)
  }

  #forgetQuestions (): void {
    this.#pending.take()
    this.#answerTimer?.cancel()
    this.#answerTimer = undefined
  }
}

/** Whether a record takes the place of a former one in every cache; an address only that of itself. */
function replaces (record: MdnsRecord, former: MdnsRecord): boolean {
  const isOnlyOne = record.type === 'SRV' || record.type === 'TXT'
  return sameRecord(record, former) || (isOnlyOne && record.type === former.type && sameName(record.name, former.name))
}
