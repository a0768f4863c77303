import { describeError } from '@akshi/core'
import type { LanInterface } from './lan-interface.ts'

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another program has this port for itself. Stop it or let it share (Avahi: disallow-other-stacks=no), or give all nodes another "port".',
  EACCES: 'The system forbids it. Check the firewall and the rights of this process.',
  EPERM: 'The system forbids it. Check the firewall and the rights of this process.',
  EADDRNOTAVAIL: 'The interface cannot use this address now. It is tried again.',
  ENODEV: 'The interface is gone or cannot multicast. It is tried again; choose others with "interfaces".',
  ENETUNREACH: 'The interface is down or has no route. Bring it up, or choose others with "interfaces".'
}

/** What to tell the operator of something that went wrong on an interface, and a key to say it once. */
export function explainProblem (error: unknown, on: LanInterface, port: number): { readonly key: string, readonly message: string } {
  const where = `${on.name} (${on.address}, UDP port ${port})`
  const code = systemCode(error)
  if (code === undefined) return { key: 'malformed', message: `Ignored a packet on ${where} that is no DNS message: ${describeError(error)}.` }
  return { key: code, message: `mDNS does not work on ${where}: ${describeError(error)}. ${advice[code] ?? 'Peers under [[mesh.peers]] are still reached.'}` }
}

/** The code of an error of the system; a decoder's own errors have none, or no system call. */
export function systemCode (error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException
  return syscall === undefined ? undefined : code
}
