import { signAnnouncement } from '../../../packages/core/src/announce.ts'
import type { Announcement, SignedAnnouncement } from '../../../packages/core/src/announcement.ts'
import { didFromPublicKey, type Did } from '../../../packages/core/src/did.ts'
import type { Identity } from '../../../packages/core/src/identity.ts'
import type { Meeting } from '../../../packages/core/src/peers/known-peers.ts'

export const address = { host: '192.0.2.1', port: 3210 }

/** DIDs that nobody has the key of, for where no signature is checked. */
export function madeUpDid (number: number): Did {
  return didFromPublicKey(Buffer.alloc(32, `made up ${number} `))
}

/** An announcement of somebody who need not exist. */
export function announcementBy (did: Did, name: string, seq = 1): SignedAnnouncement {
  const announcement: Announcement = { did, seq, name, issuedAt: 1, expiresAt: Number.MAX_SAFE_INTEGER, addresses: [address], capabilities: [], agents: [], sealingKey: new Uint8Array(32), extra: {} }
  return { announcement, bytes: new Uint8Array() }
}

export function signedBy (identity: Identity, name: string, seq = 1): SignedAnnouncement {
  return signAnnouncement(identity, 'mesh', announcementBy(identity.did, name, seq).announcement)
}

export function meetingOf (did: Did, name: string, changes: Partial<Meeting> = {}): Meeting {
  return { did, address, source: 'mdns', onLink: false, announcement: announcementBy(did, name), ...changes }
}
