import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PeerView } from '@akshi/core'
import { expect } from 'chai'
import { LastKnownPeers } from '../../packages/plugin-mdns/src/last-known-peers.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { FakeClock } from './fake-clock.ts'
import { newDid, recordWarnings } from './fixtures.ts'

const addresses = [{ host: '10.0.0.2', port: 3210 }]
const known = (more: Partial<PeerView> = {}): PeerView => ({ did: newDid(), name: 'x', trust: 'trusted', trustReason: '', sources: [], addresses, seenAt: 1, ...more })

function make (home: string, peers: readonly PeerView[]) {
  const clock = new FakeClock()
  const { logger, lines } = recordWarnings()
  return { clock, lines, file: new LastKnownPeers({ home, peerBook: { all: () => peers }, clock, logger }) }
}

describe('LastKnownPeers', () => {
  it('keeps those that are trusted and were met, for the next life of the node and for its owner alone', async () => {
    await using folder = await temporaryFolder()
    const friend = known()
    const { clock, file } = make(folder.path, [friend, known({ trust: 'pending' }), known({ addresses: [] }), { ...known(), seenAt: undefined } as never])
    file.note()
    await clock.advance(1_000)
    await file.stop()
    expect(await make(folder.path, []).file.read()).to.deep.equal([{ did: friend.did, addresses }])
    expect([(await stat(join(folder.path, 'mdns-peers.json'))).mode & 0o777, await readdir(folder.path)]).to.deep.equal([0o600, ['mdns-peers.json']])
  })

  it('writes once for many changes, and not at all for none or when nobody was met', async () => {
    await using folder = await temporaryFolder()
    const { clock, file } = make(folder.path, [])
    for (let i = 0; i < 5; i++) file.note()
    expect(clock.pending).to.equal(1)
    await clock.advance(1_000)
    await file.stop()
    expect(await readdir(folder.path)).to.deep.equal([])
  })

  it('is empty at first, and says so once when the file makes no sense or cannot be written', async () => {
    await using folder = await temporaryFolder()
    const { clock, lines, file } = make(folder.path, [known()])
    expect([await file.read(), lines]).to.deep.equal([[], []])
    await writeFile(join(folder.path, 'mdns-peers.json'), '{')
    expect([await file.read(), lines.length]).to.deep.equal([[], 1])
    const nowhere = make(join(folder.path, 'none'), [known()])
    nowhere.file.note()
    await nowhere.clock.advance(1_000)
    await nowhere.file.stop()
    expect([nowhere.lines.length, clock.pending]).to.deep.equal([1, 0])
  })

  it('leaves out what is no peer', async () => {
    await using folder = await temporaryFolder()
    const good = { did: newDid(), addresses }
    await writeFile(join(folder.path, 'mdns-peers.json'), JSON.stringify([good, null, 7, { did: 'did:key:x', addresses }, { did: newDid() }, { did: newDid(), addresses: [{ host: 1, port: 'x' }] }]))
    expect(await make(folder.path, []).file.read()).to.deep.equal([good])
    expect(JSON.parse(await readFile(join(folder.path, 'mdns-peers.json'), 'utf8')).length).to.equal(6)
  })
})
