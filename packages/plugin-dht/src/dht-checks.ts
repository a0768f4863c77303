import type { Checks, Observation } from '@akshi/core'
import type { DhtStatus } from './dht-status.ts'

/** What `akshi doctor` hears of the DHT; nothing while it is off. */
export function addDhtChecks (checks: Checks, status: () => DhtStatus): void {
  checks.add('DHT', () => observe(status()))
}

/** What there is to say of a node that stands so. */
export function observe (status: DhtStatus): readonly Observation[] {
  if (status.state === 'off') return []
  return [...observeJoin(status), ...observeRole(status), ...observeRecord(status), ...observeNode(status)]
}

function observeJoin ({ state, tries = [], nodes = 0, members = 0 }: DhtStatus): readonly Observation[] {
  if (state === 'joined') {
    if (members > 0) return [{ level: 'ok', message: `joined by ${nodes} other nodes; ${members} members of this mesh are listed` }]
    return [{ level: 'warning', message: 'joined, but no other member of this mesh is listed: none runs, or [mesh] id and secret differ', fix: 'akshi config show' }]
  }
  const failed = tries.filter(({ error }) => error !== undefined).map(({ address, error = '' }) => `${address} (${error})`)
  if (failed.length === 0) return [{ level: 'note', message: 'no other node of the DHT has come yet: this is the first one' }]
  return [{ level: 'failure', message: `no bootstrap node answers: ${failed.join('; ')}`, fix: 'akshi run --dht-bootstrap HOST:PORT' }]
}

function observeRole ({ role, port }: DhtStatus): readonly Observation[] {
  if (role !== 'client') return []
  return [{ level: 'note', message: `this node has no address that may be published, so it finds others and keeps nothing for them. Where a NAT forwards TCP port ${port}, set external_address; inside one network, publish_private = true`, fix: 'external_address = "203.0.113.7:4211"' }]
}

function observeRecord ({ state, copies = 0, publishedAt }: DhtStatus): readonly Observation[] {
  if (state !== 'joined' || (publishedAt !== undefined && copies > 0)) return []
  return [{ level: 'warning', message: 'nobody keeps the record of this node, so others may not find it; it is tried again', fix: 'akshi dht status' }]
}

function observeNode ({ isPolyfilled }: DhtStatus): readonly Observation[] {
  if (!isPolyfilled) return []
  return [{ level: 'note', message: `Node ${process.versions.node} lacks Promise.withResolvers, which libp2p wants and this plugin adds; Node 22 and later have it` }]
}
