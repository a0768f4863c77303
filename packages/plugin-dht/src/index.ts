/**
 * Wide-area discovery: nodes that know one node of a Kademlia DHT find the members of their mesh, wherever these are, and stay findable.
 */
export { default } from './plugin.ts'
export { DhtConfig } from './config.ts'
export { parseBootstrap, type BootstrapAddress } from './bootstrap-address.ts'
export type { DhtEntry, DhtStatus } from './dht-status.ts'
