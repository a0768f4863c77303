import type { Clock, Random, Timer } from '@akshi/core'
import type { MdnsPacket, MdnsQuestion, MdnsRecord } from './multicast.ts'
import { enumerationRecord, goodbye, response, sameName } from './records.ts'

/** What a responder asks for. `send` never rejects. */
export interface ResponderOptions {
  readonly send: (packet: MdnsPacket) => Promise<void>
  readonly clock: Clock
  readonly random: Random
}

/** Records are multicast at most once in this time, whoever asks how often (RFC 6762 section 6). */
const minGapMs = 1_000

/**
 * Speaks for this node on one interface: announces its records twice, answers questions for them, and takes them back.
 * Several questions in a short time get one answer. An answer always carries the whole set, so that nobody needs to ask
 * twice.
 */
export class Responder {
  readonly #options: ResponderOptions
  readonly #wanted = new Set<MdnsRecord>()
  #records: readonly MdnsRecord[] = []
  #sentAt = -Infinity
  #answerTimer: Timer | undefined
  #repeatTimer: Timer | undefined

  constructor (options: ResponderOptions) {
    this.#options = options
  }

  /**
   * Announces these records in place of the former, which are taken back first; none leaves this node silent. Resolves
   * when the packets were handed to the system.
   */
  async advertise (records: readonly MdnsRecord[]): Promise<void> {
    const former = this.#records
    this.#records = records
    this.#forgetQuestions()
    this.#repeatTimer?.cancel()
    const farewell = former.length === 0 ? undefined : this.#options.send(goodbye(former))
    if (records.length > 0) await this.#announce()
    await farewell
  }

  /** Answers after 20 to 120 ms, unless the asker knows the answer already or it is not for this node to give. */
  answer (query: MdnsPacket): void {
    if (this.#records.length === 0) return
    for (const record of [...this.#records, enumerationRecord]) {
      if (query.questions.some((question) => asksFor(question, record)) && !isKnown(query, record)) this.#wanted.add(record)
    }
    if (this.#wanted.size > 0) this.#answerTimer ??= this.#scheduleAnswer()
  }

  #scheduleAnswer (): Timer {
    const { clock, random } = this.#options
    const delayMs = Math.max(20 + 100 * random.uniform(), this.#sentAt + minGapMs - clock.monotonic())
    return clock.timer(delayMs, () => {
      const answers = [...this.#wanted]
      return this.#multicast(response(answers, this.#records.filter((record) => !this.#wanted.has(record))))
    })
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
    this.#wanted.clear()
    this.#answerTimer?.cancel()
    this.#answerTimer = undefined
  }
}

function asksFor ({ name, type }: MdnsQuestion, record: MdnsRecord): boolean {
  return (type === record.type || type === 'ANY') && sameName(name, record.name)
}

/** Known-answer suppression (RFC 6762 section 7.1), for the shared records. */
function isKnown ({ answers }: MdnsPacket, record: MdnsRecord): boolean {
  return record.type === 'PTR' && answers.some((known) => known.type === 'PTR' && known.ttl >= record.ttl / 2 &&
    sameName(known.name, record.name) && sameName(known.data, record.data))
}
