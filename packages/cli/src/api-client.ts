import type {
  Acknowledgement, Convergence, EntryView, Finding, JournalStatus, NewEntry, NodeControl, NodeStatus, PeerExplanation, PeerStatus, ReadOptions
} from '@akshi/core'
import { ApiConnection, type ApiBody, type ApiConnectionOptions } from './api-connection.ts'
import { readLines } from './line-splitter.ts'

export type JournalStats = Awaited<ReturnType<NodeControl['stats']>>
export type StateView = ReturnType<NodeControl['state']>
export type ImportResult = Awaited<ReturnType<NodeControl['importItems']>>

/** An entry that came while a journal is followed, and the cursor to go on from. */
export interface TailedEntry {
  readonly entry: EntryView
  readonly cursor: string
}

/**
 * The local API of a running node. Every call rejects as `ApiConnection` says. Nothing is retried: an append whose answer
 * was lost may have happened.
 */
export class ApiClient {
  readonly #connection: ApiConnection

  constructor (options: ApiConnectionOptions) {
    this.#connection = new ApiConnection(options)
  }

  status (): Promise<NodeStatus> {
    return this.#connection.call('GET', '/status')
  }

  peers (): Promise<readonly PeerStatus[]> {
    return this.#connection.call('GET', '/peers')
  }

  /** Why a peer, named by DID or name, stands where it does. */
  why (peer: string): Promise<PeerExplanation> {
    return this.#connection.call('GET', `/why?peer=${encodeURIComponent(peer)}`)
  }

  /** What the node finds wrong with itself, worst first. */
  doctor (): Promise<readonly Finding[]> {
    return this.#connection.call('GET', '/doctor')
  }

  /** Something happened in the node, so often; until the signal ends it or the node stops. */
  async * changes (signal: AbortSignal): AsyncGenerator<number> {
    for await (const lines of readLines(this.#connection.stream('/events', signal))) {
      const count = lines.filter((line) => line.startsWith('id: ')).length
      if (count > 0) yield count
    }
  }

  trust (peer: string): Promise<PeerStatus> {
    return this.#connection.call('POST', '/trust', json({ peer }))
  }

  untrust (peer: string): Promise<PeerStatus> {
    return this.#connection.call('POST', '/untrust', json({ peer }))
  }

  journals (): Promise<readonly JournalStatus[]> {
    return this.#connection.call('GET', '/journals')
  }

  read (journal: string, options: ReadOptions = {}): Promise<{ entries: readonly EntryView[], cursor: string }> {
    return this.#connection.call('GET', `${pathOf(journal)}/entries?${queryOf(options)}`)
  }

  append (journal: string, entries: readonly NewEntry[]): Promise<Acknowledgement> {
    return this.#connection.call('POST', `${pathOf(journal)}/entries`, json({ entries }))
  }

  convergence (agent?: string): Promise<Convergence> {
    return this.#connection.call('GET', `/sync/convergence${agent === undefined ? '' : `?agent=${encodeURIComponent(agent)}`}`)
  }

  stats (journal: string): Promise<JournalStats> {
    return this.#connection.call('GET', `${pathOf(journal)}/stats`)
  }

  state (journal: string): Promise<StateView> {
    return this.#connection.call('GET', `${pathOf(journal)}/state`)
  }

  /** Changes the state by a JSON merge patch (RFC 7396). */
  patchState (journal: string, patch: unknown): Promise<StateView> {
    return this.#connection.call('PATCH', `${pathOf(journal)}/state`, json(patch, 'application/merge-patch+json'))
  }

  /** Entries as they come, until the signal ends it or the node stops. */
  async * tail (journal: string, options: Pick<ReadOptions, 'since' | 'kind'>, signal: AbortSignal): AsyncGenerator<readonly TailedEntry[]> {
    for await (const lines of readLines(this.#connection.stream(`${pathOf(journal)}/tail?${queryOf(options)}`, signal))) {
      const entries = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TailedEntry)
      if (entries.length > 0) yield entries
    }
  }

  /** Every item of a journal, as a sequence of bytes. */
  exportItems (journal: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#connection.stream(`${pathOf(journal)}/export`, signal)
  }

  /** Gives items to the node, at most 8 MiB of them. */
  importItems (items: readonly Uint8Array[]): Promise<ImportResult> {
    return this.#connection.call('POST', '/journals/import', { type: 'application/cbor-seq', bytes: Buffer.concat(items) })
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#connection.close()
  }
}

function json (value: unknown, type = 'application/json'): ApiBody {
  return { type, bytes: Buffer.from(JSON.stringify(value)) }
}

function pathOf (journal: string): string {
  return `/journals/${encodeURIComponent(journal)}`
}

function queryOf ({ limit, reverse, since, kind }: ReadOptions): string {
  return new URLSearchParams({
    ...(limit === undefined ? {} : { limit: String(limit) }),
    ...(reverse === true ? { reverse: '1' } : {}),
    ...(since === undefined ? {} : { since }),
    ...(kind === undefined ? {} : { kind })
  }).toString()
}
