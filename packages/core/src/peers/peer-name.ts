import { isDid, parseDid, type Did } from '../did.ts'
import { MeshError } from '../errors.ts'

const minSuffix = 8

/**
 * The one node that a DID, the last eight or more characters of one, or a name means. `known` is asked unless it is a DID.
 *
 * @throws MeshError `MESH_DID_INVALID`, `MESH_PEER_UNKNOWN`, `MESH_PEER_AMBIGUOUS`.
 */
export function resolvePeer (who: string, known: () => readonly { readonly did: Did, readonly name: string }[]): Did {
  if (who.startsWith('did:')) return parseDid(who)
  const named = [...new Set(known().filter(({ name, did }) => name === who || (who.length >= minSuffix && did.endsWith(who))).map(({ did }) => did))]
  if (named.length === 1 && isDid(named[0] ?? '')) return named[0] as Did
  if (named.length === 0) throw new MeshError('MESH_PEER_UNKNOWN', `No node named "${who}" has been seen. See "akshi peers", or give its DID.`)
  throw new MeshError('MESH_PEER_AMBIGUOUS', `${named.length} nodes are named "${who}": ${named.join(', ')}. Give the DID of the one you mean.`)
}
