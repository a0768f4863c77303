import { deflateRawSync } from 'node:zlib'
import {
  Checks, createIdentity, encodeSnapshot, feedKey, HttpRoutes, PeerCalls, sealEnvelope, silentLogger, systemClock, systemRandom, Tunnels, type Announcement,
  type Clock, type Did, type Digest, type EnvelopeReceiver, type FeedState, type Identity, type JournalEnvelope, type JournalHeader,
  type LinkSource, type LogHeader, type Logger, type NodeControl, type NodeSettings, type PeerBook, type PeerView, type PluginCradle, type Prober,
  type PullOptions, type Range, type Receipt, type Transport
} from '@akshi/core'
import plugin from '@akshi/plugin-http'
import { signAnnouncement } from '../../packages/core/src/announce.ts'
import { callerOf } from '../../packages/plugin-http/src/caller.ts'
import { MeshPort, type PortOptions } from '../../packages/plugin-http/src/port.ts'

export const meshId = 'test'
export const token = 'correct-horse'

/** An envelope of a feed; the payload is not an Automerge change, which no transport looks at. */
export function makeEnvelope (origin: Identity, journal: string, seq: number, payloadBytes = 16, part: 'log' | 'state' = 'log'): JournalEnvelope {
  const payload = new Uint8Array(payloadBytes).fill(seq)
  const common = headerOf(journal, seq)
  if (part === 'state') return sealEnvelope(origin, meshId, { ...common, part }, payload)
  return sealEnvelope(origin, meshId, { ...common, part, segment: 0, entries: 2 * seq }, payload)
}

/** A snapshot whose proof has this seq, as an envelope with the bytes of the snapshot. */
export function makeSnapshot (origin: Identity, journal: string, seq: number, document = new Uint8Array(1_000)): JournalEnvelope {
  const header: LogHeader = { ...headerOf(journal, seq), part: 'log', segment: 3, entries: 2 * seq }
  const proof = sealEnvelope(origin, meshId, header, new Uint8Array(16).fill(seq))
  return { ...proof, bytes: encodeSnapshot({ proof, inflatedBytes: document.length, deflated: deflateRawSync(document) }) }
}

function headerOf (journal: string, seq: number): Omit<JournalHeader, 'part' | 'segment' | 'entries'> {
  const prev = seq === 1 ? undefined : new Uint8Array(32).fill(seq)
  return { kind: 'journal', journal, seq, prev, actor: new Uint8Array(16), heads: [], at: 1_700_000_000_000 + seq }
}

/** Keeps items in memory and notes what it was asked. */
export class MemoryReceiver implements EnvelopeReceiver {
  readonly trusted = new Set<Did>()
  readonly received: { readonly batch: readonly Uint8Array[], readonly from: LinkSource }[] = []
  readonly digests: Digest[] = []
  readonly pulls: { readonly want: readonly Range[], readonly options: PullOptions }[] = []
  served: readonly JournalEnvelope[] = []
  /** Set it to make a request hang. */
  hold: Promise<void> | undefined

  admits (did: Did): boolean { return this.trusted.has(did) }

  async receive (batch: readonly Uint8Array[], from: LinkSource): Promise<Receipt> {
    await this.hold
    this.received.push({ batch: batch.map((bytes) => Uint8Array.from(bytes)), from })
    return { verdicts: batch.map(() => ({ status: 'stored' })), have: this.#have() }
  }

  async digest (theirs: Digest): Promise<Digest> {
    await this.hold
    this.digests.push(theirs)
    return { root: new Uint8Array(32).fill(7), feeds: this.#have() }
  }

  async * serve (want: readonly Range[], options: PullOptions): AsyncIterable<Uint8Array> {
    await this.hold
    this.pulls.push({ want, options })
    let left = options.limit
    for (const { feed, have } of want) {
      const after = Math.max(0, ...have.map(({ seq }) => seq))
      for (const { origin, header, bytes } of this.served) {
        const wanted = feedKey({ ...header, origin }) === feedKey(feed) && header.seq > after
        if (wanted && left-- > 0) yield bytes
      }
    }
  }

  hint (): void {}

  #have (): FeedState[] {
    const last = new Map(this.served.map((envelope) => [feedKey({ ...envelope.header, origin: envelope.origin }), envelope]))
    return [...last.values()].map(({ header, origin, id }) => ({
      feed: { journal: header.journal, part: header.part, origin }, tips: [{ seq: header.seq, id }], heads: []
    }))
  }
}

/** Answers with what a test puts in `answers`, and notes the calls. */
export function makeControl (): { control: NodeControl, calls: unknown[][], answers: Record<string, unknown> } {
  const calls: unknown[][] = []
  const answers: Record<string, unknown> = {}
  const control = new Proxy({}, {
    get: (_target, name: string) => (...args: unknown[]) => {
      calls.push([name, ...args])
      const answer = answers[name] ?? { from: name }
      if (answer instanceof Error) throw answer
      return answer
    }
  }) as NodeControl
  return { control, calls, answers }
}

export interface TestNodeOptions {
  readonly identity?: Identity
  readonly dashboard?: Partial<NodeSettings['dashboard']>
  readonly config?: Partial<{ request_timeout_secs: number, connect_timeout_secs: number, max_connections: number }>
  readonly clock?: Clock
  readonly logger?: Logger
  readonly meshId?: string
}

/** The plugin as core would set it up, on a free port of loopback; start and stop it yourself. */
export class TestNode {
  readonly identity: Identity
  readonly receiver = new MemoryReceiver()
  readonly httpRoutes = new HttpRoutes()
  readonly tunnels = new Tunnels()
  readonly peerCalls = new PeerCalls()
  /** Whom its peer book knows. */
  readonly known = new Map<Did, Pick<PeerView, 'addresses'>>()
  readonly checks: Checks
  readonly fake = makeControl()
  readonly transport: Transport
  readonly prober: Prober
  refreshed = 0
  announcement: Announcement
  readonly #meshId: string
  #assemble: (announcement: Announcement) => Announcement = (announcement) => announcement

  constructor (options: TestNodeOptions = {}) {
    this.identity = options.identity ?? createIdentity()
    this.#meshId = options.meshId ?? meshId
    this.checks = new Checks(options.clock ?? systemClock)
    const { did, sealingKey } = this.identity
    this.announcement = { did, seq: 1, name: 'alpha', issuedAt: 1, expiresAt: 2, addresses: [], capabilities: [], agents: [], sealingKey, extra: {} }
    const parts = plugin.setup(this.#cradle(options))
    if (parts.transport === undefined || parts.prober === undefined) throw new TypeError('The plugin has no transport or no prober')
    this.transport = parts.transport
    this.prober = parts.prober
  }

  get port (): number { return Number(new URL(this.httpRoutes.baseUrl ?? 'http://127.0.0.1:1').port) }
  get address () { return { host: '127.0.0.1', port: this.port } }

  async start (): Promise<this> {
    await this.transport.start(this.receiver, new AbortController().signal)
    return this
  }

  stop (): Promise<void> { return this.transport.stop() }

  /** What the plugin adds to an announcement. */
  assemble (): Announcement { return this.#assemble(this.announcement) }

  #cradle ({ dashboard, config, clock = systemClock, logger = silentLogger }: TestNodeOptions): PluginCradle<typeof plugin.config> {
    return {
      clock,
      logger,
      random: systemRandom,
      identity: this.identity,
      httpRoutes: this.httpRoutes,
      tunnels: this.tunnels,
      peerCalls: this.peerCalls,
      writes: { isGuarded: false, ask: async () => {} },
      messages: { send: async () => ({ handing: 'held', recall: () => true }), receive: () => () => {} },
      checks: this.checks,
      control: this.fake.control,
      peerBook: { get: (did: Did) => this.known.get(did) } as unknown as PeerBook,
      announcer: {
        current: () => signAnnouncement(this.identity, this.#meshId, this.announcement),
        refresh: () => { this.refreshed++ },
        reduced: () => signAnnouncement(this.identity, this.#meshId, this.announcement)
      },
      settings: {
        name: 'alpha',
        home: '/nowhere',
        meshId: this.#meshId,
        version: '0.1.0',
        configDir: '/nowhere',
        agents: [],
        dashboard: { port: 0, bind: '127.0.0.1', token, auth: true, remote: false, rateLimitPerMinute: 300, rateLimitBurst: 50, ...dashboard }
      },
      config: { request_timeout_secs: 60, connect_timeout_secs: 5, max_connections: 1024, ...config },
      hooks: {
        assembleAnnouncement: { tap: (_name: string, tap: (announcement: Announcement) => Announcement) => { this.#assemble = tap } }
      } as never
    }
  }
}

/** A port alone, on a free one; unless told otherwise it answers each request with its caller. */
export async function openPort (options: Partial<PortOptions> = {}): Promise<{ port: number, close: () => Promise<void> }> {
  const port = new MeshPort({
    identity: createIdentity(),
    bind: '127.0.0.1',
    also: [],
    port: 0,
    maxConnections: 100,
    requestTimeoutMs: 60_000,
    servesPlain: () => true,
    listener: (request, response) => response.end(JSON.stringify(callerOf(request))),
    ...options
  })
  return { port: await port.listen(), close: () => port.close() }
}

/** A logger that keeps its warnings and errors. */
export function noteLogger (): { logger: Logger, lines: string[] } {
  const lines: string[] = []
  const keys = new Set<string>()
  const logger: Logger = {
    ...silentLogger,
    warn: (message) => { lines.push(message) },
    error: (message) => { lines.push(message) },
    warnOnce: (key, message) => { if (!keys.has(key)) lines.push(message); keys.add(key) },
    child: () => logger
  }
  return { logger, lines }
}
