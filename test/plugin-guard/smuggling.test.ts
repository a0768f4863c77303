import { sign } from 'node:crypto'
import { createIdentity, openEnvelope, peekItem } from '@akshi/core'
import { expect } from 'chai'
import { encodeCbor } from '../../packages/core/src/cbor.ts'
import { codeOf } from '../support/failures.ts'
import { MeshNode } from '../core/sync/mesh-node.ts'
import { meshId } from '../core/sync/journal-shelf.ts'

const identity = createIdentity()

/** An envelope of any header that is signed as it must be. */
function seal (fields: readonly (readonly [string, unknown])[], contentType: number, payload: Uint8Array, unprotectedHeader = new Map<unknown, unknown>()): Uint8Array {
  const protectedHeader = encodeCbor(new Map<unknown, unknown>([[1, -8], [3, contentType], [4, identity.publicKey], [-65537, new Map(fields)]]))
  const toBeSigned = encodeCbor(['Signature1', protectedHeader, new Uint8Array(Buffer.from(`akshi-mesh/envelope/v1\0${meshId}`)), payload])
  const list = encodeCbor([protectedHeader, unprotectedHeader, payload, new Uint8Array(sign(null, toBeSigned, identity.privateKey))])
  return new Uint8Array(Buffer.concat([Uint8Array.of(0xd2), list]))
}

const payload = new Uint8Array(encodeCbor(new Map([['prompt', 'complete this']])))
const common = [['v', 1], ['at', 1], ['seq', 1]] as const
const journal = [...common, ['kind', 'journal'], ['part', 'log'], ['actor', new Uint8Array(16)], ['heads', [new Uint8Array(32)]], ['entries', 1], ['journal', 'notes'], ['segment', 0]] as const

const smuggled = {
  'a kind that is not known': seal([...common, ['kind', 'inference']], 60, payload),
  'the kind a2a, before there are any': seal([...common, ['kind', 'a2a']], 60, payload),
  'no kind': seal(common, 60, payload),
  'a part that is not known': seal(journal.map((field) => field[0] === 'part' ? ['part', 'blob'] as const : field), 42, payload),
  'another field in the header': seal([...journal, ['note', 'complete this']], 42, payload),
  'an announcement with another field in the header': seal([...common, ['kind', 'announcement'], ['prompt', 'x']], 60, payload),
  'something in the unprotected header': seal(journal, 42, payload, new Map([[-70000, 'complete this']])),
  'another content type': seal(journal, 50, payload),
  'another version': seal(journal.map((field) => field[0] === 'v' ? ['v', 2] as const : field), 42, payload)
}

describe('envelopes of other kinds', () => {
  it('are told from one that is in order', () => {
    const inOrder = [seal(journal, 42, payload), seal([...common, ['kind', 'announcement']], 60, payload)]
    expect(inOrder.map((bytes) => openEnvelope(bytes, meshId).header.kind)).to.deep.equal(['journal', 'announcement'])
  })

  for (const [name, bytes] of Object.entries(smuggled)) {
    it(`are refused, signed by whomever: ${name}`, async () => {
      await using node = await MeshNode.make({ configured: [{ did: identity.did, name: 'mallory', addresses: [] }] })
      const { verdicts } = await node.inbox.receive([bytes], { kind: 'peer', did: identity.did })
      expect([await codeOf(() => openEnvelope(bytes, meshId)), await codeOf(() => peekItem(bytes, meshId)), verdicts.map(({ status }) => status)]).to.deep.equal(['MESH_ENVELOPE_INVALID', 'MESH_ENVELOPE_INVALID', ['refused']])
    })
  }

  it('are refused in a log when the payload is anything but entries', async () => {
    await using node = await MeshNode.make({ configured: [{ did: identity.did, name: 'mallory', addresses: [] }] })
    const { verdicts } = await node.inbox.receive([seal(journal, 42, payload)], { kind: 'peer', did: identity.did })
    expect(verdicts.map(({ status }) => status)).to.deep.equal(['refused'])
  })
})
