import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { SegmentRules } from '../../../packages/core/src/automerge/segment-rules.ts'
import { alterations } from './altered-segment.ts'
import { editDocument } from './document-editor.ts'
import { engine, hex } from './engine.ts'
import { actor, entries, entry, LogWriter } from './log-writer.ts'
import { segments, writeSegment } from './written-segment.ts'

const hashOf = (change: Uint8Array): string => createHash('sha256').update(change.subarray(8)).digest('hex')

/** Expects that a document proves itself, by the hashes that its changes have. */
function expectProof (document: Uint8Array, changes: readonly Uint8Array[]): void {
  const { proof } = SegmentRules.ofDocument(document)
  expect(proof.steps().map(({ hash }) => hex(hash))).to.deep.equal(changes.map(hashOf))
  expect(proof.holds()).to.equal(true)
}

describe('DocumentProof', () => {
  it('hashes the changes of any legal document as Automerge does, and counts their entries', () => {
    fc.assert(fc.property(segments(), (segment) => {
      const { changes, last } = writeSegment(segment)
      const document = last.handle.saveNoCompress()
      expectProof(document, changes)
      const rules = new SegmentRules()
      const counts = changes.map((change) => {
        rules.advance(rules.check(change))
        return rules.entries
      })
      expect(SegmentRules.ofDocument(document).proof.steps().map(({ entries }) => entries)).to.deep.equal(counts)
    }), { numRuns: 40 })
  }).timeout(60_000)

  it('holds for a full segment of changes with one entry each', () => {
    const writer = new LogWriter(actor(1)).begin()
    const changes = Array.from({ length: 4_096 }, (_, index) => writer.append([entry(index + 1, 'x'.repeat(index % 97))], 1_700_000_000 + index * 31))
    expectProof(writer.handle.saveNoCompress(), changes)
  })

  it('holds for a change that is as large as one may be', () => {
    const writer = new LogWriter(actor(1)).begin()
    const change = writer.append([entry(1, 'x'.repeat((256 << 10) - 100)), entry(2, 'y'.repeat((256 << 10) - 100)), entry(3, 'z'.repeat((256 << 10) - 100)), entry(4, 'x'.repeat(190_000))])
    expect(change.length).to.be.within(970_000, 1 << 20)
    expectProof(writer.handle.saveNoCompress(), [change])
  })

  for (const [name, alter] of Object.entries(alterations)) {
    it(`does not hold for a document ${name} that states the head of what was written`, () => {
      fc.assert(fc.property(segments({ turns: 2, changes: 2, entries: 2 }), fc.nat(), (segment, at) => {
        const head = SegmentRules.ofDocument(writeSegment(segment).last.handle.saveNoCompress()).head
        const altered = writeSegment(alter(segment, at)).last.handle.saveNoCompress()
        const forged = editDocument(altered, (parts) => { parts.heads = [head] })
        const opened = SegmentRules.ofDocument(forged)
        expect(hex(opened.head)).to.equal(hex(head))
        expect(opened.proof.holds()).to.equal(false)
        expect(SegmentRules.ofDocument(altered).proof.holds()).to.equal(true)
        expect(() => engine.load(forged)).to.throw()
      }), { numRuns: 6 })
    }).timeout(60_000)
  }

  it('does not hold when any bit of the head is flipped', () => {
    const writer = new LogWriter(actor(1)).begin()
    writer.append(entries(3))
    for (let bit = 0; bit < 256; bit++) {
      const forged = editDocument(writer.handle.saveNoCompress(), ({ heads: [head] }) => { if (head !== undefined) head[bit >> 3] = (head[bit >> 3] ?? 0) ^ (1 << (bit & 7)) })
      expect(SegmentRules.ofDocument(forged).proof.holds()).to.equal(false)
    }
  })
})
