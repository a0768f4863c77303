import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { readChange } from '../../../packages/core/src/journal/change.ts'
import { failureOf } from '../../support/failures.ts'
import { automerge } from './automerge.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** Changes of documents that several actors wrote at once and merged: none, one and many dependencies. */
function realChanges (): Uint8Array[] {
  const base = automerge.from({ list: [] }, { actor: '00'.repeat(16) })
  const branches = Array.from({ length: 5 }, (_, index) => automerge.change(automerge.clone(base), (doc) => { doc[`key${index}`] = 'text'.repeat(index * 30) }))
  const merged = branches.reduce((doc, branch) => automerge.merge(doc, branch))
  return automerge.getAllChanges(automerge.change(merged, (doc) => { doc['last'] = 1 }))
}

/** A chunk of this content with the checksum that it should have. */
function chunk (content: Uint8Array, type = 1): Uint8Array {
  const body = Buffer.concat([Uint8Array.of(type), leb128(content.length), content])
  return Buffer.concat([Uint8Array.of(0x85, 0x6f, 0x4a, 0x83), createHash('sha256').update(body).digest().subarray(0, 4), body])
}

function leb128 (value: number): Uint8Array {
  const bytes = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128)
  return Uint8Array.of(...bytes, value)
}

const refuses = async (bytes: Uint8Array) => expect(await failureOf(() => readChange(bytes))).to.be.instanceOf(RangeError)

describe('readChange', () => {
  const changes = realChanges()
  const last = changes.at(-1) as Uint8Array

  it('reads of real changes what Automerge reads', () => {
    const counts = new Set<number>()
    for (const change of changes) {
      const { hash, deps, actor, seq } = automerge.decodeChange(change)
      const header = readChange(change)
      expect({ hash: hex(header.hash), deps: header.deps.map(hex), actor: hex(header.actor), seq: header.seq }).to.deep.equal({ hash, deps: [...deps], actor, seq })
      counts.add(header.deps.length)
    }
    expect([...counts].sort()).to.deep.equal([0, 1, 5])
  })

  it('refuses a change that is cut short anywhere', async () => {
    for (let length = 0; length < last.length; length++) await refuses(last.subarray(0, length))
  })

  it('refuses a change that anything follows: a byte, or another change', async () => {
    await refuses(Buffer.concat([last, Uint8Array.of(0)]))
    await refuses(Buffer.concat([last, last]))
  })

  it('refuses a change with any one bit flipped', async () => {
    for (let bit = 0; bit < last.length * 8; bit++) {
      await refuses(Uint8Array.from(last, (byte, index) => index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    }
  })

  it('refuses a change that says it is shorter or longer than it is, though its checksum fits', async () => {
    for (const more of [-1, 1]) {
      const body = Buffer.concat([Uint8Array.of(1), leb128(200 + more), Uint8Array.of(0, 1, 7, 1), Buffer.alloc(196)])
      await refuses(Buffer.concat([Uint8Array.of(0x85, 0x6f, 0x4a, 0x83), createHash('sha256').update(body).digest().subarray(0, 4), body]))
    }
  })

  it('refuses other chunks: documents and deflated changes', async () => {
    await refuses(chunk(last.subarray(10), 0))
    await refuses(chunk(last.subarray(10), 2))
  })

  it('refuses more dependencies than anybody needs, before it reads them', async () => {
    await refuses(chunk(Buffer.concat([leb128(65), Buffer.alloc(65 * 32), leb128(16), Buffer.alloc(16), leb128(1)])))
  })

  it('refuses fields that reach beyond the end, and numbers beyond 2^53', async () => {
    for (const content of [[], [1], [0, 16, 1, 2], [0, 1, 7], [0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]]) await refuses(chunk(Uint8Array.from(content)))
  })

  it('throws nothing but RangeError, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (content) => {
      try {
        readChange(chunk(content))
      } catch (error) {
        expect(error).to.be.instanceOf(RangeError)
      }
    }))
  })

  it('refuses numbers of more than eight bytes, which no double can hold', async () => {
    for (const zeros of [8, 160]) await refuses(chunk(Buffer.concat([Buffer.alloc(zeros, 0x80), Uint8Array.of(1, 0, 1, 1)])))
  })
})
