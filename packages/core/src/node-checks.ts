import type { Checks, Observation } from './checks.ts'
import type { NodeControl, Notice, PeerStatus } from './control.ts'
import type { TrustStore } from './peers/trust-store.ts'
import type { Transport } from './transport.ts'

export interface NodeChecksOptions {
  readonly control: Pick<NodeControl, 'status' | 'peers' | 'why'>
  readonly trust: Pick<TrustStore, 'get'>
  readonly transports: ReadonlyMap<string, Transport>
}

/** Of what anybody on the network can cause, so many are named; of the rest there is the number. */
const maxNamed = 5

/** Adds what core itself can see: whom nobody has let in, who was never met, what nothing carries, and what went wrong since the start. */
export function addNodeChecks (checks: Checks, { control, trust, transports }: NodeChecksOptions): void {
  checks.add('trust', () => {
    const peers = control.peers()
    const isAlone = !peers.some(isTrusted)
    return waiting(peers.filter((peer) => peer.trust === 'pending' && trust.get(peer.did) !== 'untrusted'), isAlone)
  })
  checks.add('peers', () => control.peers().filter(isTrusted).flatMap((peer) => control.why(peer.did).tries.length > 0 ? [] : findUnmet(peer)))
  checks.add('transports', () => findLackingTransports(control.peers(), new Set([...transports.values()].map(({ reach }) => reach))))
  checks.add('transports', () => control.status().shared.flatMap(({ transport, held }) => held.map(({ reason, feeds }): Observation => ({ level: 'note', message: `${transport} lacks ${feeds} feed${feeds === 1 ? '' : 's'}, ${reason}` }))))
  checks.add('notices', () => control.status().notices.map(observe))
}

function waiting (pending: readonly PeerStatus[], isAlone: boolean): Observation[] {
  const level = isAlone ? 'warning' : 'note'
  const named = pending.slice(0, maxNamed).map(({ name, did, sources }): Observation => ({
    level, message: `${name} was seen (${sources.join(', ')}) and gets nothing until it is trusted`, fix: `akshi trust ${did}`
  }))
  const more = pending.length - named.length
  return more === 0 ? named : [...named, { level: 'note', message: `${more} more were seen and are not trusted: akshi peers` }]
}

/** Nobody knows where it is. Addresses that do not answer are for the transport to tell of. */
function findUnmet ({ name, health, addresses, seenAt, via, trustReason }: PeerStatus): Observation[] {
  if (seenAt !== undefined || addresses.length > 0 || health === 'left') return []
  const level = via?.transport == null ? 'warning' : 'note'
  const carried = via?.transport == null ? '' : `; ${via.transport} carries envelopes meanwhile`
  const fix = trustReason === 'listed in runtime.toml' ? 'endpoint = "HOST"  # below its node_did in runtime.toml' : `on ${name}: akshi run`
  return [{ level, message: `${name} is trusted and was never met: no discovery has found it, and runtime.toml does not say where it is${carried}`, fix }]
}

function findLackingTransports (peers: readonly PeerStatus[], reaches: ReadonlySet<Transport['reach']>): Observation[] {
  if (reaches.size === 0) return [{ level: 'failure', message: 'no transport is loaded: nothing gets in or out', fix: enable('http') }]
  const trusted = peers.filter(isTrusted)
  if (trusted.length > 0 && !reaches.has('peer')) return [{ level: 'note', message: 'peers are trusted, but no transport that links to them is loaded: only what is shared carries envelopes', fix: enable('http') }]
  if (trusted.some(({ via }) => via?.transport == null) && !reaches.has('shared')) return [{ level: 'note', message: 'no shared folder is loaded, which would carry envelopes while no link works', fix: enable('fs') }]
  return []
}

const forkAdvice = 'After a restored backup or a crash there is nothing to do. If two copies of it run, stop one. If neither is so, somebody has its key: untrust it on every node.'

/** They are told until the node is started anew. */
function observe ({ code, message, count, feed }: Notice): Observation {
  const what = `${message.replace(/\.?$/, '.')}${count > 1 ? ` (${count} times)` : ''}`
  if (code === 'MESH_FEED_FORKED') return { level: 'warning', message: `${what} ${forkAdvice}` }
  if (code === 'MESH_JOURNAL_DAMAGED') return { level: 'warning', message: what, fix: ['akshi journal verify', ...feed === undefined ? [] : [feed.journal]].join(' ') }
  return { level: code === 'MESH_DISK_FAILED' ? 'failure' : 'warning', message: what }
}

function enable (name: string): string {
  return `package = "@akshi/plugin-${name}"  # below a further [[plugins]] in runtime.toml`
}

function isTrusted ({ trust }: PeerStatus): boolean {
  return trust === 'trusted'
}
