import { constants, deflateRawSync } from 'node:zlib'
import { encodeSnapshot, sealEnvelope, type LogEnvelope } from '@akshi/core'
import { readChange } from '../../packages/core/src/automerge/change.ts'
import { entryText } from '../../packages/core/src/journal/entry.ts'
import { LogWriter } from '../core/automerge/log-writer.ts'
import { alpha, at, hybridClock, journal, meshId, run } from './material.ts'

export interface MadeLogEnvelope {
  readonly name: string
  readonly after: string | null
  readonly texts: readonly string[]
  readonly envelope: LogEnvelope
  /** The changes of its segment up to it. */
  readonly changes: readonly Uint8Array[]
}

interface Plan {
  readonly after: string | null
  /** The first byte of the actor; the others count up. */
  readonly actor: number
  readonly bodies: readonly unknown[]
  readonly begins?: boolean
}

/**
 * A log of alpha: two envelopes in segment 0 and two in segment 1, the last by another actor, after a restart. And the life
 * of a restored backup, which goes on from the first envelope.
 */
const plans: Readonly<Record<string, Plan>> = {
  first: { after: null, actor: 0xa0, bodies: ['hello', { n: 1 }], begins: true },
  second: { after: 'first', actor: 0xa0, bodies: ['again'] },
  third: { after: 'second', actor: 0xb0, bodies: ['a new segment'], begins: true },
  fourth: { after: 'third', actor: 0xc0, bodies: [null, true, 1.5] },
  backup: { after: 'first', actor: 0xd0, bodies: ['written by a restored backup'] },
  'backup, later': { after: 'backup', actor: 0xd0, bodies: ['and after that', 'ünï', ['[', '"']] }
}

export function makeLog (): readonly MadeLogEnvelope[] {
  const clock = hybridClock(() => at)
  const maker = new LogMaker()
  return Object.entries(plans).map(([name, { bodies, ...plan }]) => {
    return maker.make(name, bodies.map((body) => entryText(clock.next(), { kind: 'note', body: JSON.stringify(body) })), plan)
  })
}

/** A segment of 300 entries in two envelopes: two lists. */
export function makeLargeSegment (): MadeLogEnvelope {
  const clock = hybridClock(() => at)
  const texts = Array.from({ length: 300 }, (_, n) => entryText(clock.next(), { kind: 'n', body: String(n) }))
  const maker = new LogMaker()
  maker.make('290 entries', texts.slice(0, 290), { after: null, actor: 0xe0, begins: true })
  return maker.make('300 entries', texts.slice(290), { after: '290 entries', actor: 0xe0 })
}

/** Makes envelopes of one log of alpha, each after any one before it. */
class LogMaker {
  readonly #made = new Map<string, MadeLogEnvelope>()
  readonly #writers = new Map<number, LogWriter>()

  make (name: string, texts: readonly string[], { after, actor, begins = false }: Omit<Plan, 'bodies'>): MadeLogEnvelope {
    const { envelope: { header, id } = {}, changes = [] } = this.#made.get(after ?? '') ?? {}
    const segment = (header?.segment ?? -1) + (begins ? 1 : 0)
    const earlier = begins ? [] : changes
    const writer = this.#writerOf(actor, earlier)
    const [prev] = header?.heads ?? []
    if (begins) writer.begin({ journal, segment, ...prev !== undefined && { prev } })
    const payload = writer.append(texts, at / 1000)
    const seq = (header?.seq ?? 0) + 1
    const entries = (header?.entries ?? 0) + texts.length
    const envelope = sealEnvelope(alpha, meshId, {
      kind: 'journal', journal, part: 'log', segment, seq, prev: id, entries, actor: run(actor, 16), heads: [hashOf(payload)], at: at + seq - 1
    }, payload)
    const made = { name, after, texts, envelope, changes: [...earlier, payload] }
    this.#made.set(name, made)
    return made
  }

  #writerOf (actor: number, changes: readonly Uint8Array[]): LogWriter {
    const writer = this.#writers.get(actor) ?? new LogWriter(run(actor, 16)).follow(changes)
    this.#writers.set(actor, writer)
    return writer
  }
}

/** The hash of a change. */
export function hashOf (change: Uint8Array): Uint8Array {
  return readChange(change, { maxOps: 100_000 }).hash
}

/** The document of a segment up to an envelope: a document chunk without compressed columns. */
export function documentOf ({ changes }: MadeLogEnvelope): Uint8Array {
  return new LogWriter(run(0, 16)).follow(changes).handle.saveNoCompress()
}

/** A snapshot. Huffman codes alone come out the same from every zlib; readers take any DEFLATE. */
export function makeSnapshot (proof: LogEnvelope, document: Uint8Array, inflatedBytes = document.length): Uint8Array {
  return encodeSnapshot({ proof, inflatedBytes, deflated: deflateRawSync(document, { strategy: constants.Z_HUFFMAN_ONLY }) })
}
