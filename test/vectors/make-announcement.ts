import type { Announcement } from '@akshi/core'
import { signAnnouncement } from '../../packages/core/src/announce.ts'
import { peekEnvelope } from '../../packages/core/src/envelope.ts'
import { alpha, at, hex, meshId } from './material.ts'

export function makeAnnouncement () {
  const announcement: Announcement = {
    did: alpha.did,
    seq: at,
    name: 'alpha',
    issuedAt: at,
    expiresAt: at + 3_600_000,
    addresses: [{ host: '192.0.2.7', port: 3210 }, { host: '2001:db8::7', port: 3210 }],
    capabilities: ['journal', 'http'],
    agents: ['notes', 'planner'],
    sealingKey: alpha.sealingKey,
    extra: { example: 'a value of a plugin' }
  }
  const { bytes } = signAnnouncement(alpha, meshId, announcement)
  const { payload, id } = peekEnvelope(bytes, meshId)
  return { mesh: meshId, announcement: { ...announcement, sealingKey: hex(alpha.sealingKey) }, payload: hex(payload), id: hex(id), bytes: hex(bytes) }
}
