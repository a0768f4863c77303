import type { Did } from './did.ts'

/** A place where a node's mesh port may be dialled. IPv6 hosts carry no brackets. */
export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * What a node says of itself: signed by it, numbered and of limited life. Of two by one node the higher `seq` wins.
 * Nothing in it is trusted before its signature is checked, and no address is used before a dial has proven it.
 */
export interface Announcement {
  readonly did: Did
  /** Rises with each announcement of a node, over restarts too. */
  readonly seq: number
  /** What the operator calls the node; not unique, never an identity. */
  readonly name: string
  /** Milliseconds since the Unix epoch. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly addresses: readonly Address[]
  readonly capabilities: readonly string[]
  readonly agents: readonly string[]
  /** Raw X25519 public key, 32 bytes. */
  readonly sealingKey: Uint8Array
  /** What plugins add, by plugin name: for instance a WireGuard public key. */
  readonly extra: Readonly<Record<string, unknown>>
}

/** An announcement whose signature was checked, with the envelope that carries it: forward the bytes unchanged. */
export interface SignedAnnouncement {
  readonly announcement: Announcement
  readonly bytes: Uint8Array
}
