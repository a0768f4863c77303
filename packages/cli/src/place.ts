import type { Address } from '@akshi/core'

/** An address as people write it. */
export function placeOf ({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
