import { expect } from 'chai'
import { openAnnouncement } from '@akshi/core'
import { seededIdentity } from '@akshi/testkit'
import { signAnnouncement } from '../../../packages/core/src/announce.ts'
import { meshId } from '../../../packages/testkit/src/conformance/material.ts'
import { plainAnnouncement, sign } from '../../../packages/testkit/src/conformance/signed-announcement.ts'

describe('sign', () => {
  it('signs announcements exactly as core does', () => {
    const identity = seededIdentity(1)
    const numbers = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]
    const announcement = {
      ...plainAnnouncement(identity, 7, [{ host: '192.0.2.1', port: 3210 }, { host: '2001:db8::1', port: 1 }]),
      agents: ['planner', 'ä'],
      capabilities: ['http'],
      extra: { wg: { key: new Uint8Array(300), numbers, longerName: 'x'.repeat(30) } }
    }
    const { bytes } = sign(identity, announcement)
    expect(Buffer.from(bytes)).to.deep.equal(Buffer.from(signAnnouncement(identity, meshId, announcement).bytes))
    expect(openAnnouncement(bytes, meshId).announcement.addresses).to.deep.equal(announcement.addresses)
  })
})
