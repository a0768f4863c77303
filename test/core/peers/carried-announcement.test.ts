import { expect } from 'chai'
import { VirtualClock } from '@akshi/testkit'
import { signAnnouncement } from '../../../packages/core/src/announce.ts'
import { takeCarriedAnnouncement } from '../../../packages/core/src/peers/carried-announcement.ts'
import { KnownPeers } from '../../../packages/core/src/peers/known-peers.ts'
import { TrustStore } from '../../../packages/core/src/peers/trust-store.ts'
import { lineLogger } from '../../support/line-logger.ts'
import { identities } from '../arbitraries.ts'
import { announcementBy, madeUpDid, signedBy } from './peer-fixture.ts'

const [trusted, stranger] = identities

/** What becomes of bytes that a discovery brings as the announcement of `did`, at a node that trusts the first identity. */
function take (bytes: Uint8Array | undefined, did = trusted.did) {
  const clock = new VirtualClock()
  const { logger, lines } = lineLogger()
  const peers = new KnownPeers(madeUpDid(0), 'open', new TrustStore('/nowhere', clock), clock, [{ did: trusted.did, name: 'listed', addresses: [] }])
  const candidate = { did, addresses: [], ...bytes !== undefined && { announcement: bytes } }
  for (let times = 0; times < 2; times++) takeCarriedAnnouncement(candidate, peers, 'mesh', clock, logger)
  return { known: peers.get(did)?.announcement?.name, warnings: lines.length }
}

describe('takeCarriedAnnouncement', () => {
  it('takes one of a node that the operator trusts, though nobody has dialled it', () => {
    expect(take(signedBy(trusted, 'alpha').bytes)).to.deep.equal({ known: 'alpha', warnings: 0 })
  })

  it('takes none of a stranger, not even to verify it, and needs none', () => {
    expect([take(signedBy(stranger, 'x').bytes, stranger.did), take(Uint8Array.of(1), stranger.did), take(undefined)]).to.deep.equal(Array(3).fill({ known: undefined, warnings: 0 }))
  })

  it('leaves out what is spoiled or of another mesh, and says so once', () => {
    const { announcement } = announcementBy(trusted.did, 'alpha')
    const foreign = signAnnouncement(trusted, 'another', announcement).bytes
    const spoiled = signedBy(trusted, 'alpha').bytes.map((byte, at, { length }) => at === length - 1 ? byte ^ 1 : byte)
    expect([take(spoiled), take(foreign)]).to.deep.equal(Array(2).fill({ known: undefined, warnings: 1 }))
  })

  it('leaves out what has ended, and what somebody else signed', () => {
    const ended = signAnnouncement(trusted, 'mesh', { ...announcementBy(trusted.did, 'alpha').announcement, expiresAt: 2 }).bytes
    expect([take(ended), take(signedBy(stranger, 'alpha').bytes)]).to.deep.equal(Array(2).fill({ known: undefined, warnings: 0 }))
  })
})
