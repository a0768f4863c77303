import type { Address, Checks, Did, Transport } from '@akshi/core'
import { clockCheck, linkCheck, type PeerChecksOptions } from './peer-checks.ts'
import { portCheck, settingsCheck, type PortChecksOptions } from './port-checks.ts'

/** Adds what this plugin tells `akshi doctor`. */
export function addChecks (checks: Checks, options: PortChecksOptions & PeerChecksOptions): void {
  checks.add('port', portCheck(options))
  checks.add('dashboard', settingsCheck(options))
  checks.add('peers', linkCheck(options))
  checks.add('clock', clockCheck(options))
}

/** The smallest question that a peer answers to those only whom it trusts, over a link of its own. */
export async function askOver (transport: Transport, did: Did, address: Address, signal: AbortSignal): Promise<void> {
  const link = await transport.connect({ kind: 'peer', did, addresses: () => [address] }, signal)
  try {
    await link.digest({ root: new Uint8Array(32), feeds: [] }, signal)
  } finally {
    await link.close()
  }
}

/** Host and port of an `http:` URL. */
export function addressOf ({ hostname, port }: URL): Address {
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? 80 : Number(port) }
}
