/**
 * LAN discovery: nodes on one local network find each other by DNS-SD over multicast DNS, as `_akshi._tcp.local`.
 */
export { default } from './plugin.ts'
export type { MdnsInterfaceStatus, MdnsStatus } from './mdns-status.ts'
