import { createIdentity, silentLogger, systemClock, type FeedId, type Identity } from '@akshi/core'
import { expect } from 'chai'
import { MeshNode } from '../core/sync/mesh-node.ts'
import { controlOf } from '../core/sync/control-fixture.ts'
import { meshId } from '../core/sync/journal-shelf.ts'
import { Guard } from '../../packages/plugin-guard/src/guard.ts'
import type { Scanner } from '../../packages/plugin-guard/src/scanner.ts'
import { alnum, drawMixed } from './adversarial/draws.ts'
import { scannerOf } from './support.ts'

const token = `hf_${drawMixed(alnum, 34)}`

function guardOf (identity: Identity) {
  let scans = 0
  const scanner = scannerOf({ identity })
  const counting = { scan: (...given: Parameters<Scanner['scan']>) => { scans++; return scanner.scan(...given) } }
  const guard = new Guard({ own: identity.did, meshId, scanner: counting as Scanner, secrets: { refresh: async () => {} }, state: () => ({ value: {}, heads: [], vouched: [] }), clock: systemClock, logger: silentLogger })
  return { guard, scans: () => scans }
}

async function itemsOf (node: MeshNode): Promise<Uint8Array[]> {
  const items: Uint8Array[] = []
  for await (const item of controlOf(node).exportItems('notes')) items.push(item)
  return items
}

const feedOf = (node: MeshNode, part: FeedId['part'] = 'log'): FeedId => ({ journal: 'notes', part, origin: node.did })

const outgoing = { kind: 'journal', to: 'fs' } as const

describe('Guard', () => {
  it('looks at what its node wrote into logs and states, each item once, and at nothing of others', async () => {
    await using node = await MeshNode.make()
    await node.append('clean', { deep: [token] }, 'clean')
    await node.set('env', `text and ${token}`)
    const [own, other] = [guardOf(node.identity), guardOf(createIdentity())]
    const items = await itemsOf(node)
    const paths: unknown[] = []
    for (const [index, bytes] of [...items, ...items].entries()) {
      const envelope = { ...outgoing, feed: feedOf(node, index % items.length === items.length - 1 ? 'state' : 'log'), seq: 1, bytes }
      paths.push(/huggingface-token at (?:\/[0-9A-Z]{26})?(\S+)/.exec((await own.guard.beforeEnvelopeSend(envelope))?.reason ?? '')?.[1])
      expect(await other.guard.beforeEnvelopeSend(envelope)).to.equal(undefined)
    }
    const once = paths.slice(0, items.length)
    expect([paths.slice(items.length), once.filter((path) => path !== undefined), own.guard.held.length, other.scans()]).to.deep.equal([once, ['/body/deep/0', '/'], 2, 0])
    const before = own.scans()
    for (const bytes of items) await own.guard.beforeEnvelopeSend({ ...outgoing, feed: feedOf(node), seq: 1, bytes })
    expect(own.scans()).to.equal(before)
  })

  it('looks into snapshots', async () => {
    await using node = await MeshNode.make()
    await (await node.journals.get('notes')).append(Array.from({ length: 5_000 }, (_, n) => ({ body: n === 17 ? { x: token } : { n } })))
    const feed = (await node.journals.get('notes')).feeds.find(({ id: { part } }) => part === 'log')
    const snapshots: Uint8Array[] = []
    for await (const { bytes } of feed?.serve([], [], { maxEnvelopes: 1 } as never) ?? []) snapshots.push(bytes)
    const { guard } = guardOf(node.identity)
    const reasons = await Promise.all(snapshots.map(async (bytes) => (await guard.beforeEnvelopeSend({ ...outgoing, feed: feedOf(node), seq: 1, bytes }))?.reason.replace(/[0-9A-Z]{26}|[0-9a-f]{16}/g, '')))
    expect([Buffer.from(snapshots[0] ?? []).subarray(2, 5).toString(), reasons[0]?.includes('huggingface-token at //body/x'), reasons.slice(1).every((reason) => reason === undefined)]).to.deep.equal(['ksh', true, true])
  })

  it('answers for every part that core may ask about, also messages', async () => {
    const { guard } = guardOf(createIdentity())
    const write = { journal: 'weather', part: 'a2a' as never, kind: 'a2a', body: { message: { parts: [{ text: `use ${token}` }] } } }
    expect((await guard.beforeWrite(write))?.reason).to.include('huggingface-token at /body/message/parts/0/text')
    expect(await guard.beforeWrite({ ...write, body: { message: { parts: [{ text: 'hello' }] } } })).to.equal(undefined)
  })

  it('refuses names of journals that are secrets', async () => {
    const { guard } = guardOf(createIdentity())
    const name = `key-${drawMixed(alnum, 32).toLowerCase()}`
    expect((await guard.beforeWrite({ journal: name, part: 'log', kind: 'note', body: 1 }))?.reason).to.include('mail-service-key at /journal')
  })

  it('holds back what stands in a journal of such a name', async () => {
    await using node = await MeshNode.make()
    const name = `key-${drawMixed(alnum, 32).toLowerCase()}`
    await (await node.journals.get(name)).append([{ body: 1 }])
    const { guard } = guardOf(node.identity)
    for await (const bytes of controlOf(node).exportItems(name)) {
      expect((await guard.beforeEnvelopeSend({ ...outgoing, feed: { journal: name, part: 'log', origin: node.did }, seq: 1, bytes }))?.reason).to.include('mail-service-key at /journal')
    }
    expect(guard.held.length).to.equal(1)
  })

  it('says at most three findings, and how many more there are', async () => {
    const { guard } = guardOf(createIdentity())
    const veto = await guard.beforeWrite({ journal: 'notes', part: 'log', kind: 'note', body: Array.from({ length: 50 }, (_, n) => `${token}${n}`) })
    expect(veto?.reason).to.match(/^guard: .*\/body\/0 .*\/body\/1 .*\/body\/2 \([0-9a-f]{16}\), and 17 more\. If/)
  })
})
