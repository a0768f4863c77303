import { mkdtemp, open, readdir, rm, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import {
  createIdentity, createLogger, encodeSnapshot, peekItem, sealEnvelope, silentLogger, systemClock, systemRandom, type Clock,
  type Envelope, type EnvelopeReceiver, type Identity, type JournalEnvelope, type JournalHeader, type Link, type Logger, type LinkSource,
  type PullOptions, type Range, type Tip
} from '@akshi/core'
import { FolderTransport, type FolderOptions } from '@akshi/plugin-fs'

export const meshId = 'test-mesh'
export const never = new AbortController().signal
const nothing = { root: new Uint8Array(32) }

/** Puts everything away that a test opened. */
export class Shelter {
  readonly #closers: (() => Promise<void>)[] = []

  keep (close: () => Promise<void>): void {
    this.#closers.unshift(close)
  }

  async folder (): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), 'akshi-fs-'))
    this.keep(() => rm(dir, { recursive: true, force: true }))
    return join(dir, 'shared')
  }

  transport (dir: string, options: Partial<FolderOptions> = {}): FolderTransport {
    const transport = new FolderTransport({
      dir, meshId, own: createIdentity().did, fileMode: 0o600, pollIntervalMs: 3_600_000, clock: systemClock, random: systemRandom, logger: silentLogger, ...options
    })
    this.keep(() => transport.stop())
    return transport
  }

  /** A link of a transport that does not poll. */
  async link (dir: string, options: Partial<FolderOptions> = {}): Promise<Link> {
    return await this.transport(dir, options).connect({ kind: 'shared' }, never)
  }

  async close (): Promise<void> {
    for (const close of this.#closers.splice(0)) await close()
  }
}

export interface ChainOptions {
  readonly journal?: string
  readonly part?: 'log' | 'state'
  readonly mesh?: string
  readonly after?: JournalEnvelope
  readonly salt?: string
  /** Envelopes in a segment, each with as many entries as fill it up to 4,096. Default: all are in one. */
  readonly perSegment?: number
}

/** `count` chained envelopes of one feed, numbered from 1, or from behind `after`. */
export function chain (identity: Identity, count: number, options: ChainOptions = {}): JournalEnvelope[] {
  const { journal = 'notes', part = 'log', mesh = meshId, after, salt = '', perSegment } = options
  const made: JournalEnvelope[] = []
  for (let i = 0; i < count; i++) {
    const prev = made.at(-1) ?? after
    const seq = (prev?.header.seq ?? 0) + 1
    const common = { kind: 'journal', journal, seq, prev: prev?.id, actor: new Uint8Array(16), heads: [], at: 1_700_000_000_000 + seq } as const
    const [segment, entries] = perSegment === undefined ? [0, seq] : [Math.floor((seq - 1) / perSegment), seq * 4_096 / perSegment]
    const header: JournalHeader = part === 'state' ? { ...common, part } : { ...common, part, segment, entries }
    made.push(sealEnvelope(identity, mesh, header, Buffer.from(`entry ${seq} ${salt}`)))
  }
  return made
}

/** The snapshot that ends with this envelope. Its document is none: a folder does not look inside. */
export function snapshotOf (proof: JournalEnvelope | undefined, document = 'document'): Uint8Array {
  const header = proof?.header
  if (proof === undefined || header?.part !== 'log') throw new TypeError('Only an envelope of a log can be a proof')
  return encodeSnapshot({ proof: { ...proof, header }, inflatedBytes: document.length, deflated: deflateRawSync(document) })
}

export function tipOf ({ header: { seq }, id }: JournalEnvelope): Tip {
  return { seq, id }
}

export function newChain (count: number, options: ChainOptions = {}): JournalEnvelope[] {
  return chain(createIdentity(), count, options)
}

export function bytesOf (envelopes: readonly Envelope[]): Uint8Array[] {
  return envelopes.map(({ bytes }) => bytes)
}

export async function push (link: Link, envelopes: readonly Envelope[]): Promise<string[]> {
  return (await link.push(bytesOf(envelopes), never)).verdicts.map(({ status }) => status)
}

/** The tips that a digest lists, as seq numbers by journal and part. */
export async function digestSeqs (link: Link): Promise<Record<string, number[]>> {
  const { feeds = [] } = await link.digest(nothing, never)
  return Object.fromEntries(feeds.map(({ feed, tips }) => [`${feed.journal}/${feed.part}`, tips.map(({ seq }) => seq)]))
}

/** Seqs of what a pull of a whole feed, or a range of it, yields; with its bytes checked against what was made. */
export async function pullSeqs (link: Link, made: readonly JournalEnvelope[], have: readonly JournalEnvelope[] = [], limit = 1_000): Promise<number[]> {
  return (await pullAll(link, made, { have: have.map(tipOf) }, { limit })).map((bytes) => made.find((each) => Buffer.from(bytes).equals(each.bytes))?.header.seq ?? -1)
}

/** What a pull yields: numbers of envelopes, and those of proofs behind an `s`. */
export async function pullBrief (link: Link, made: readonly JournalEnvelope[], range: Partial<Range> = {}, options: Partial<PullOptions> = {}): Promise<string> {
  const items = (await pullAll(link, made, range, { limit: 1_000, ...options })).map((bytes) => peekItem(bytes, meshId))
  return items.map(({ kind, envelope: { header: { seq } } }) => kind === 'snapshot' ? `s${seq}` : `${seq}`).join(' ')
}

async function pullAll (link: Link, made: readonly JournalEnvelope[], range: Partial<Range>, options: PullOptions): Promise<Uint8Array[]> {
  const first = made[0]
  if (first === undefined) return []
  const { origin, header: { journal, part } } = first
  const all: Uint8Array[] = []
  for await (const bytes of link.pull([{ feed: { origin, journal, part }, have: [], ...range }], options, never)) all.push(bytes)
  return all
}

/** Absolute paths of all files below a folder, sorted. */
export async function filesIn (dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name)).sort()
}

/** A receiver that keeps hints, and lets a test wait for the next. */
export class HintRecorder implements EnvelopeReceiver {
  readonly hints: LinkSource[] = []
  #wake: () => void = () => {}

  hint (from: LinkSource): void {
    this.hints.push(from)
    this.#wake()
  }

  /** Resolves when there were `count` hints in all; mocha's timeout is the deadline. */
  async reach (count: number): Promise<void> {
    while (this.hints.length < count) await new Promise<void>((resolve) => { this.#wake = resolve })
  }

  admits (): boolean { return false }
  async receive (): Promise<never> { throw new Error('a folder never calls receive') }
  async digest (): Promise<never> { throw new Error('a folder never asks for a digest') }
  serve (): AsyncIterable<Uint8Array> { throw new Error('a folder never asks to be served') }
}

/** A clock whose timers fire when the test says so. */
export class HandClock implements Clock {
  readonly #due = new Map<number, { delayMs: number, run: () => void }>()
  #count = 0
  #nowMs = 0
  #wake: () => void = () => {}

  /** Delays of the timers that are set, in ms. */
  get delays (): number[] { return [...this.#due.values()].map(({ delayMs }) => delayMs) }
  now (): number { return this.#nowMs }
  monotonic (): number { return this.#nowMs }
  sleep (): Promise<void> { throw new Error('not used') }

  timer (delayMs: number, run: () => void): { cancel (): void } {
    const id = ++this.#count
    this.#due.set(id, { delayMs, run })
    this.#wake()
    return { cancel: () => { this.#due.delete(id) } }
  }

  /** Fires what is due after `ms`, and resolves when another timer was set: that is, when a poll is over. */
  async fire (ms = 1_000): Promise<void> {
    this.#nowMs += ms
    const due = [...this.#due.values()]
    this.#due.clear()
    for (const { run } of due) run()
    if (this.#due.size === 0) await new Promise<void>((resolve) => { this.#wake = resolve })
  }
}

/** A logger that keeps its lines. */
export function recordLines (): { logger: Logger, lines: string[] } {
  const lines: string[] = []
  return { lines, logger: createLogger({ level: 'debug', format: 'json', clock: systemClock, write: (line) => lines.push(line) }) }
}

/** Notes something at each fsync of this process, which then happens as ever. */
export async function spyOnSync<Seen> (look: (file: FileHandle) => Promise<Seen>): Promise<{ seen: Seen[], restore: () => void }> {
  const sample = await open(tmpdir())
  const prototype = Object.getPrototypeOf(sample) as FileHandle
  await sample.close()
  const { sync } = prototype
  const seen: Seen[] = []
  prototype.sync = async function (this: FileHandle) {
    seen.push(await look(this))
    await sync.call(this)
  }
  return { seen, restore: () => { prototype.sync = sync } }
}
