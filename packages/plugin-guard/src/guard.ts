import { setImmediate } from 'node:timers/promises'
import { feedKey, peekItem, type Clock, type Did, type FeedId, type Logger, type NodeControl, type OutgoingEnvelope, type PendingWrite, type Service, type Veto } from '@akshi/core'
import { readItem } from './item-texts.ts'
import type { OwnSecrets } from './own-secrets.ts'
import type { Finding, Scanner } from './scanner.ts'

export interface GuardOptions {
  readonly own: Did
  readonly meshId: string
  readonly scanner: Scanner
  readonly secrets: Pick<OwnSecrets, 'refresh'>
  readonly state: NodeControl['state']
  readonly clock: Clock
  readonly logger: Logger
}

/** Something of this node's own that is held back, since an earlier life wrote a secret into it. */
export interface HeldItem {
  readonly feed: FeedId
  readonly seq: number
  readonly findings: readonly Finding[]
}

const maxVerdicts = 4_096
const maxShown = 3
/** After so long, others have a turn. */
const turnMs = 20

/** Refuses secrets where they would be written, and once more where what this node wrote would leave it. */
export class Guard implements Service {
  readonly #options: GuardOptions
  /** What was found in items that left or wanted to, by their ids. */
  readonly #verdicts = new Map<string, Promise<readonly Finding[]>>()
  readonly #held = new Map<string, HeldItem>()

  constructor (options: GuardOptions) {
    this.#options = options
  }

  /** One for each feed that is held back. */
  get held (): readonly HeldItem[] { return [...this.#held.values()] }

  async start (): Promise<void> {
    await this.#options.secrets.refresh()
  }

  async stop (): Promise<void> {}

  /**
   * A tap of `beforeWrite`, for entries, changes of a state and whatever else is asked about. Of a state, what stands there already is passed
   * over: a peer wrote it, and refusing every change for it would undo nothing.
   */
  async beforeWrite ({ journal, part, kind, body }: PendingWrite): Promise<Veto | undefined> {
    const { scanner, secrets, state } = this.#options
    await secrets.refresh()
    const findings = part === 'state'
      ? scanner.scan({ journal, state: body }, { state: state(journal).value })
      : scanner.scan({ journal, kind, body })
    return findings.length === 0 ? undefined : { reason: describeFindings(findings) }
  }

  /**
   * A tap of `beforeEnvelopeSend`. Items of other nodes pass: their signer alone can say something else in their place, and whoever has them
   * can send them, so holding them back would stop sync and keep nothing secret.
   */
  async beforeEnvelopeSend (envelope: OutgoingEnvelope): Promise<Veto | undefined> {
    if (envelope.kind === 'a2a') return undefined                                   // sealed: what is in it was looked at before
    if (envelope.kind !== 'journal') return { reason: 'guard: only journals, announcements and messages between agents leave this node' }
    const { feed, seq, bytes } = envelope
    if (feed.origin !== this.#options.own) return undefined
    const findings = await this.#verdictOf(feed, bytes)
    if (findings.length === 0) return undefined
    this.#held.set(feedKey(feed), { feed, seq, findings })
    const reason = describeFindings(findings)
    this.#options.logger.warnOnce(`held ${feedKey(feed)} ${seq}`, 'an envelope of this node is held back', { journal: feed.journal, part: feed.part, seq, reason })
    return { reason }
  }

  async #verdictOf ({ journal }: FeedId, bytes: Uint8Array): Promise<readonly Finding[]> {
    const { kind, envelope } = peekItem(bytes, this.#options.meshId)
    const key = `${kind} ${Buffer.from(envelope.id).toString('base64')}`
    const known = this.#verdicts.get(key)
    if (known !== undefined) return await known
    const verdict = this.#look(journal, bytes)
    this.#verdicts.set(key, verdict)
    verdict.catch(() => this.#verdicts.delete(key))
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size <= maxVerdicts) break
      this.#verdicts.delete(oldest)
    }
    return await verdict
  }

  async #look (journal: string, bytes: Uint8Array): Promise<readonly Finding[]> {
    const { scanner, secrets, meshId, clock } = this.#options
    await secrets.refresh()
    const found = [...scanner.scan({ journal })]
    let since = clock.monotonic()
    for (const text of await readItem(bytes, meshId)) {
      found.push(...scanner.scan(text).map((finding) => ({ ...finding, path: `${idOf(text)}${finding.path}` })))
      if (clock.monotonic() - since < turnMs) continue
      await setImmediate()
      since = clock.monotonic()
    }
    return found
  }
}

/** Findings in words, with what to do if they are wrong. */
export function describeFindings (findings: readonly Finding[]): string {
  const shown = findings.slice(0, maxShown).map(({ rule, path, fingerprint }) => `${rule} at ${path === '' ? '/' : path}${fingerprint === undefined ? '' : ` (${fingerprint})`}`)
  const more = findings.length > maxShown ? `, and ${findings.length - maxShown} more` : ''
  const fingerprints = findings.flatMap(({ fingerprint }) => fingerprint ?? [])
  const next = fingerprints.length < findings.length ? '' : `. If it is no secret: ${allowLine(fingerprints)}`
  return `guard: no secrets in the mesh: ${shown.join(', ')}${more}${next}`
}

/** The line of runtime.toml that allows findings. */
export function allowLine (fingerprints: readonly string[]): string {
  return `allow = [${fingerprints.map((each) => `"${each}"`).join(', ')}]  # under [plugins.config] of plugin-guard in runtime.toml`
}

function idOf (entry: unknown): string {
  const id = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : undefined
  return typeof id === 'string' && /^[0-9A-Z]{26}$/.test(id) ? `/${id}` : ''
}
