import { isJournalName } from '../journal-name.ts'

const statuses: ReadonlySet<unknown> = new Set(['stored', 'duplicate', 'gap', 'untrusted', 'refused', 'failed'])
const idBytes = 32

/** Why something is no receipt for so many items; `undefined` when it is one. */
export function receiptProblem (value: unknown, items: number): string | undefined {
  const { verdicts, have } = fields(value)
  if (!Array.isArray(verdicts) || !Array.isArray(have)) return 'what it gave is no receipt { verdicts, have }'
  if (verdicts.length !== items) return `its receipt has ${verdicts.length} verdicts for ${items} items`
  if (!verdicts.every((verdict) => statuses.has(fields(verdict).status))) return 'its receipt has a verdict without a known status'
  return have.every(isFeedState) ? undefined : 'its receipt has a feed state that is none'
}

/** Why something is no digest. */
export function digestProblem (value: unknown): string | undefined {
  const { root, feeds, items } = fields(value)
  if (!isBytes(root, idBytes)) return 'what it gave is no digest: its root is not 32 bytes'
  if (feeds !== undefined && !(Array.isArray(feeds) && feeds.every(isFeedState))) return 'its digest has a feed state that is none'
  return items === undefined || (Array.isArray(items) && items.every((item) => item instanceof Uint8Array)) ? undefined : 'its digest has items that are no bytes'
}

function isFeedState (value: unknown): boolean {
  const { feed, tips, heads } = fields(value)
  const { journal, part, origin } = fields(feed)
  return typeof journal === 'string' && isJournalName(journal) && (part === 'log' || part === 'state') && typeof origin === 'string' && origin.startsWith('did:key:z') &&
    Array.isArray(tips) && tips.every(isTip) && Array.isArray(heads) && heads.every((head) => isBytes(head, idBytes))
}

function isTip (value: unknown): boolean {
  const { seq, id } = fields(value)
  return Number.isSafeInteger(seq) && (seq as number) >= 0 && isBytes(id, idBytes)
}

function isBytes (value: unknown, length: number): boolean {
  return value instanceof Uint8Array && value.length === length
}

/** The members of anything. */
export function fields (value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}
