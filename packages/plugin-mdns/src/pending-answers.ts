import type { MdnsPacket, MdnsQuestion, MdnsRecord } from './multicast.ts'
import { sameRecord } from './record-order.ts'
import { isUnique, sameName } from './records.ts'

/** Records that were asked for and not sent yet, each with who asked. */
export class PendingAnswers {
  readonly #wanted = new Map<MdnsRecord, Set<string>>()

  get size (): number { return this.#wanted.size }

  /** Whether nobody else could answer any of it, so that there is nothing to wait for. */
  get areUnique (): boolean { return [...this.#wanted.keys()].every(isUnique) }

  /** Notes what of `records` the query asks for and its asker does not know already (RFC 6762 section 7.1), be it from a packet before. */
  note ({ questions, answers }: MdnsPacket, asker: string, records: readonly MdnsRecord[]): void {
    for (const record of records) {
      if (!questions.some((question) => asksFor(question, record))) continue
      const askers = this.#wanted.get(record)
      if (askers === undefined) this.#wanted.set(record, new Set([asker]))
      else askers.add(asker)
    }
    for (const [record, askers] of this.#wanted) {
      if (isAmong(answers, record)) askers.delete(asker)
      if (askers.size === 0) this.#wanted.delete(record)
    }
  }

  /** What somebody else has just answered needs no second answer (RFC 6762 section 7.4). */
  dropSaid (answers: readonly MdnsRecord[]): void {
    for (const record of this.#wanted.keys()) if (isAmong(answers, record)) this.#wanted.delete(record)
  }

  /** All of it; from now on there is none. */
  take (): readonly MdnsRecord[] {
    const records = [...this.#wanted.keys()]
    this.#wanted.clear()
    return records
  }
}

/** Whether a question is answered by a record. */
export function asksFor ({ name, type }: MdnsQuestion, record: MdnsRecord): boolean {
  return (type === record.type || type === 'ANY') && sameName(name, record.name)
}

/** What has less than half of its life left is not known any more. */
function isAmong (known: readonly MdnsRecord[], record: MdnsRecord): boolean {
  return known.some((each) => each.ttl >= record.ttl / 2 && sameRecord(each, record))
}
