import type { Clock, Timer } from '@akshi/core'
import type { MdnsPacket, MdnsRecord } from './multicast.ts'
import type { OwnRecords } from './own-records.ts'
import { compareClaims } from './record-order.ts'
import { isUnique, probe, sameName } from './records.ts'

/** What a probe asks for. `send` never rejects. */
export interface NameProbeOptions {
  readonly send: (packet: MdnsPacket) => Promise<void>
  readonly own: OwnRecords
  readonly clock: Clock
}

/** One of them is called, once. */
export interface ProbeOutcome {
  /** Nobody has the names. */
  readonly free: () => void
  readonly taken: () => void
}

const probes = 3
const probeGapMs = 250
const deferMs = 1_000

/** Asks three times whether somebody has the names of records, before they are announced (RFC 6762 section 8.1). */
export class NameProbe {
  readonly #options: NameProbeOptions
  #records: readonly MdnsRecord[] = []
  #outcome: ProbeOutcome | undefined
  #timer: Timer | undefined

  constructor (options: NameProbeOptions) {
    this.#options = options
  }

  get isRunning (): boolean { return this.#outcome !== undefined }

  /** Begins after `delayMs`, in place of what was under way. */
  start (records: readonly MdnsRecord[], outcome: ProbeOutcome, delayMs: number): void {
    this.stop()
    this.#records = records
    this.#outcome = outcome
    this.#begin(delayMs)
  }

  /** Goes on with other records of the same names. */
  amend (records: readonly MdnsRecord[]): void {
    this.#records = records
  }

  /** Takes whatever comes over the interface: somebody may have the names, or want them too. */
  hear ({ type, answers, additionals, authorities }: MdnsPacket): void {
    if (!this.isRunning) return
    if (type === 'response') {
      if (this.#options.own.contradict([...answers, ...additionals], this.#records)) this.#end(({ taken }) => taken())
    } else if (this.#losesTo(authorities)) {
      this.#begin(deferMs)                                // by then the other has the name, or has gone
    }
  }

  stop (): void {
    this.#timer?.cancel()
    this.#outcome = undefined
  }

  #begin (delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.timer(delayMs, () => this.#ask(1))
  }

  #ask (turn: number): Promise<void> {
    const { clock, send } = this.#options
    this.#timer = clock.timer(probeGapMs, () => turn < probes ? this.#ask(turn + 1) : this.#end(({ free }) => free()))
    return send(probe(this.#records))
  }

  #end (tell: (outcome: ProbeOutcome) => void): void {
    const outcome = this.#outcome
    this.stop()
    if (outcome !== undefined) tell(outcome)
  }

  /** Of two that want one name at once, the one with the later records gets it (RFC 6762 section 8.2). */
  #losesTo (theirs: readonly MdnsRecord[]): boolean {
    const mine = this.#records.filter(isUnique)
    return [...new Set(mine.map(({ name }) => name))].some((name) => {
      const [ours, others] = [mine, theirs].map((records) => records.filter((record) => sameName(record.name, name))) as [MdnsRecord[], MdnsRecord[]]
      return others.some((record) => !this.#options.own.has(record)) && compareClaims(ours, others) < 0
    })
  }
}
