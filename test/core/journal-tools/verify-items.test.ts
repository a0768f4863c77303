import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { createIdentity, encodeSnapshot, isSnapshot, parseSnapshot, sealEnvelope, type JournalHeader, type LogEnvelope, type LogHeader } from '@akshi/core'
import { expect } from 'chai'
import type { Verification } from '../../../packages/core/src/journal-tools/verification.ts'
import { verifyItems } from '../../../packages/core/src/journal-tools/verifier.ts'
import { envelopeOf, Home, meshId, placed } from './journal-fixture.ts'

const verify = (items: readonly Uint8Array[], mesh = meshId) => verifyItems(placed(items), mesh)
const numbers = ({ journals, origins, bytes: _, bad, ...counts }: Verification) => ({ ...counts, journals: [...journals], origins: origins.size, ...bad !== undefined && { bad } })
const badOf = ({ bad }: Verification) => [bad?.file, bad?.record, bad?.feed?.origin, bad?.seq, bad?.reason]

describe('verifyItems', () => {
  it('finds nothing wrong in what a node exports, as envelopes and as snapshots', async () => {
    await using home = await Home.open()
    await using other = await Home.open()
    await other.append(30, 10)
    await home.append(4_200, 60)
    await home.take(await other.items())
    const journal = await home.notes()
    for (let round = 0; round < 3; round++) await journal.change((draft) => { draft.round = round })
    const [all, brief] = [await home.items(Infinity), await home.items()]
    const counts = { entries: 4_230, forks: 0, journals: ['notes'], origins: 2, notes: [] }
    expect(numbers(await verify(all))).to.deep.equal({ ...counts, envelopes: 3 + 3 + 70, snapshots: 0 })
    expect(numbers(await verify(brief))).to.deep.equal({ ...counts, envelopes: 3 + 3 + 2, snapshots: 1 })
    expect((await verify(brief)).bytes).to.equal(brief.reduce((sum, { length }) => sum + length, 0))
  })

  it('tells how far it has come', async () => {
    await using home = await Home.open()
    await home.append(3, 1)
    const entries: number[] = []
    await verifyItems(placed(await home.items()), meshId, { progress: (count) => entries.push(count().entries) })
    expect(entries).to.deep.equal([1, 2, 3])
  })

  it('allows forks, counts them, and counts what the paths share once', async () => {
    const identity = createIdentity()
    await using one = await Home.open(identity)
    await using clone = await Home.open(identity)
    await using stranger = await Home.open(identity)
    await one.append(20, 5)
    await clone.take(await one.items())
    await one.append(10, 5)
    await clone.append(4, 2)
    await stranger.append(1)
    await one.take([...await clone.items(), ...await stranger.items()])
    const expected = { entries: 35, forks: 2, journals: ['notes'], origins: 1, notes: [] }
    const { envelopes: _, snapshots: __, ...counts } = numbers(await verify(await one.items()))
    expect(counts).to.deep.equal(expected)
  })

  it('names the first bad record wherever a bit was turned', async () => {
    await using home = await Home.open()
    await home.append(5_000, 500)
    const items = await home.items()
    for (const [record, item] of items.entries()) {
      for (let at = 7; at < item.length; at += Math.ceil(item.length / 15)) {
        const altered = items.map((bytes) => Uint8Array.from(bytes))
        const bytes = altered[record] as Uint8Array
        bytes[at] = (bytes[at] ?? 0) ^ 1 << at % 8
        expect([(await verify(altered)).bad?.record, record, at]).to.deep.equal([record, record, at])
      }
    }
  })

  it('says of which mesh, feed and place a record is not', async () => {
    await using home = await Home.open()
    await home.append(3, 1)
    const items = await home.items()
    const { did } = home.identity
    expect(badOf(await verify(items, 'another'))).to.deep.equal(['a file', 0, did, 1, 'its signature does not fit: it was altered, or signed for another mesh'])
    expect(badOf(await verify(items.toSpliced(1, 1)))).to.deep.equal(['a file', 1, did, 3, 'envelope 2, which it goes on from, is not there'])
    expect(badOf(await verify(items.toReversed()))).to.deep.equal(['a file', 0, did, 3, 'envelope 2, which it goes on from, is not there'])
    expect(badOf(await verifyItems(placed(items), meshId, { expected: { journal: 'other' } })).slice(1, 4)).to.deep.equal([0, did, 1])
    expect(badOf(await verify([...items, Buffer.from('rubbish')])).slice(0, 3)).to.deep.equal(['a file', 3, undefined])
  })

  it('says when a sealed segment is not there, and goes on', async () => {
    await using home = await Home.open()
    for (let segment = 0; segment < 3; segment++) {
      await home.append(4_160, 64)
      await home.items()
    }
    const items = await home.items()
    const { notes, bad, forks, entries } = await verify(items.toSpliced(1, 1))
    expect([items.map(isSnapshot).slice(0, 3), bad, forks, entries, notes.length]).to.deep.equal([[true, true, true], undefined, 0, 12_480 - 4_096, 1])
    expect(notes[0]).to.match(/^notes\/log\/did:key:z6Mk\w+: segment 2 waits for the ones before it \(envelope \d+\)$/)
  })

  /** What the origin itself may sign, and must not have. */
  const forgeries: Readonly<Record<string, [Partial<LogHeader>, RegExp]>> = {
    'its number': [{ seq: 4 }, /which it goes on from, is not there|where 3 was due/],
    'its entries': [{ entries: 4 }, /count its entries/],
    'its segment': [{ segment: 1 }, /where 0 was due|does not follow/],
    'its actor': [{ actor: new Uint8Array(16) }, /another actor/],
    'its head': [{ heads: [new Uint8Array(32)] }, /not the one its header names/],
    'its heads': [{ heads: [] }, /not the one its header names/],
    'its predecessor': [{ prev: new Uint8Array(32) }, /which it goes on from, is not there/]
  }
  for (const [what, [changes, reason]] of Object.entries(forgeries)) {
    it(`finds an envelope whose origin signed ${what} wrong`, async () => {
      await using home = await Home.open()
      await home.append(3, 1)
      const items = await home.items()
      const { header, payload } = envelopeOf(items[2] as Uint8Array)
      const forged = sealEnvelope(home.identity, meshId, { ...header, ...changes } as JournalHeader, payload)
      const { bad } = await verify([...items.slice(0, 2), forged.bytes])
      expect([bad?.record, bad?.reason]).to.satisfy(([record, text]: [number, string]) => record === 2 && reason.test(text), bad?.reason)
    })
  }

  it('finds a change that overwrites, under a good signature', async () => {
    await using home = await Home.open()
    await using other = await Home.open()
    await home.append(2, 1)
    await other.append(2, 1)
    const [first, second] = await home.items()
    const { header } = envelopeOf(second as Uint8Array)
    const { payload, header: theirs } = envelopeOf((await other.items())[1] as Uint8Array)
    const forged = sealEnvelope(home.identity, meshId, { ...header, heads: theirs.heads, actor: theirs.actor }, payload)
    expect((await verify([first as Uint8Array, forged.bytes])).bad?.reason).to.include('its change is not one that a log may take')
  })

  describe('of a snapshot', () => {
    async function snapshotOf (home: Home): Promise<{ proof: LogEnvelope, document: Buffer, build: (document: Uint8Array, length?: number) => Uint8Array }> {
      await home.append(100, 1)
      const { proof, deflated } = parseSnapshot((await home.items()).find(isSnapshot) as Uint8Array, meshId)
      return { proof, document: inflateRawSync(deflated), build: (document, length = document.length) => encodeSnapshot({ proof, inflatedBytes: length, deflated: deflateRawSync(document) }) }
    }

    it('has Automerge prove that every entry is the one that was signed', async () => {
      await using home = await Home.open()
      const { document, build } = await snapshotOf(home)
      const altered = Buffer.from(document)
      const at = altered.indexOf('entry 0')
      altered.write('forged!', at)
      sign(altered)
      expect([(await verify([build(document)])).bad, (await verify([build(altered)])).bad?.reason]).to.satisfy(([good, reason]: [unknown, string]) => good === undefined && reason.startsWith('Automerge refuses its document'))
    })

    it('finds a document of another length, of another segment, or longer than its proof', async () => {
      await using home = await Home.open()
      await using other = await Home.open()
      const { document, build } = await snapshotOf(home)
      const foreign = await snapshotOf(other)
      const reasons = []
      for (const bytes of [build(document, document.length + 1), build(document, document.length - 1), build(foreign.document), build(Buffer.alloc(10))]) reasons.push((await verify([bytes])).bad?.reason)
      expect(reasons).to.satisfy(([longer, shorter, theirs, rubbish]: string[]) =>
        /stated length/.test(longer ?? '') && /stated length/.test(shorter ?? '') && theirs === 'its document does not end where its proof says' && /not one that a log may have/.test(rubbish ?? ''), JSON.stringify(reasons))
    })

    it('finds that it counts wrong', async () => {
      await using home = await Home.open()
      const { proof, document } = await snapshotOf(home)
      for (const changes of [{ seq: 101, prev: new Uint8Array(32) }, { entries: 99 }]) {
        const forged = sealEnvelope(home.identity, meshId, { ...proof.header, ...changes }, proof.payload)
        const item = encodeSnapshot({ proof: forged, inflatedBytes: document.length, deflated: deflateRawSync(document) })
        expect((await verify([item])).bad?.reason).to.equal('it does not count what is before it right')
      }
    })
  })

  describe('of a state', () => {
    it('finds a missing predecessor and a change of somebody else, and notes what it builds on that is not there', async () => {
      await using home = await Home.open()
      await using other = await Home.open()
      await (await home.notes()).change((draft) => { draft.mine = 1 })
      await other.take(await home.items())
      for (let round = 0; round < 2; round++) await (await other.notes()).change((draft) => { draft.theirs = round })
      const theirs = (await other.items()).filter((bytes) => envelopeOf(bytes).origin === other.identity.did)
      const { header, payload } = envelopeOf(theirs[0] as Uint8Array)
      const stolen = sealEnvelope(home.identity, meshId, header, payload)
      expect((await verify([...await home.items(), ...theirs])).notes).to.deep.equal([])
      expect((await verify(theirs)).notes).to.deep.equal(['the state of notes builds on changes that are not there (1)'])
      expect(badOf(await verify(theirs.slice(1)))).to.deep.equal(['a file', 0, other.identity.did, 2, 'envelope 1, which it goes on from, is not there'])
      expect((await verify([stolen.bytes])).bad?.reason).to.equal('its actor is not one of its origin')
    })
  })
})

/** Makes the checksum of an Automerge chunk fit. */
function sign (chunk: Buffer): void {
  createHash('sha256').update(chunk.subarray(8)).digest().copy(chunk, 4, 0, 4)
}
