import { isDid } from '../did.ts'
import { fields } from './answer-checks.ts'

const maxAddresses = 64
const maxHostLength = 253
const maxAnnouncementBytes = 16_384

/** Why something is no candidate; `undefined` when it is one. */
export function candidateProblem (value: unknown): string | undefined {
  const { did, addresses, onLink, announcement } = fields(value)
  if (typeof did !== 'string' || !isDid(did)) return 'a candidate without the did:key of a usable Ed25519 key'
  if (!Array.isArray(addresses) || !addresses.every(isAddress)) return 'a candidate with an address that is no { host, port }'
  if (addresses.length > maxAddresses) return `a candidate with more than ${maxAddresses} addresses`
  if (onLink !== undefined && typeof onLink !== 'boolean') return 'a candidate whose onLink is neither true nor false'
  if (announcement === undefined) return undefined
  return announcement instanceof Uint8Array && announcement.length <= maxAnnouncementBytes ? undefined : 'a candidate with an announcement that is none'
}

function isAddress (value: unknown): boolean {
  const { host, port } = fields(value)
  return typeof host === 'string' && host.length > 0 && host.length <= maxHostLength && Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535
}
