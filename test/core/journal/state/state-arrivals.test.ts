import { expect } from 'chai'
import { FaultyDisk } from '@akshi/testkit'
import { createIdentity, type Identity } from '../../../../packages/core/src/identity.ts'
import { hexOf } from '../../../../packages/core/src/journal/state/hex.ts'
import type { StateEnvelope } from '../../../../packages/core/src/envelope.ts'
import { actorFor, craft, makeMap, setIn, setRoot } from './crafted-change.ts'
import { arrivalOf, changeOf, envelopesOf, sealAs, StateNode } from './state-fixture.ts'

/** Maps in each other. */
function nested (identity: Identity, depth: number): object[] {
  return Array.from({ length: depth }, (_, index) => makeMap(index === 0 ? '_root' : `${index}@${hexOf(actorFor(identity))}`, 'in'))
}

describe('JournalState arrivals', () => {
  let alpha: StateNode
  let beta: StateNode
  beforeEach(async () => {
    alpha = await StateNode.open()
    beta = await StateNode.open()
  })

  /** Alpha and beta take turns, each building on the other. */
  async function conversation (turns: number): Promise<StateEnvelope[]> {
    const made: StateEnvelope[] = []
    for (let turn = 0; turn < turns; turn++) {
      const [writer, other] = turn % 2 === 0 ? [alpha, beta] : [beta, alpha]
      const envelope = await writer.set(`k${turn}`, turn)
      await other.take(envelope)
      made.push(envelope)
    }
    return made
  }

  it('are taken in any order inside a batch and across feeds', async () => {
    const made = await conversation(9)
    const reader = await StateNode.open()
    expect(await reader.take(...made.toReversed())).to.deep.equal(made.map(() => 'stored'))
    expect(reader.view).to.deep.equal(alpha.view)
  })

  it('are stored and forwarded as they were signed', async () => {
    const made = await conversation(4)
    const reader = await StateNode.open()
    await reader.take(...made)
    await reader.restart()
    expect((await envelopesOf(reader)).map(({ bytes }) => hexOf(bytes)).sort()).to.deep.equal(made.map(({ bytes }) => hexOf(bytes)).sort())
  })

  it('are duplicates the second time, also in one batch, and change nothing then', async () => {
    const [first] = await conversation(1) as [StateEnvelope]
    const reader = await StateNode.open()
    expect(await reader.take(first, first)).to.deep.equal(['stored', 'duplicate'])
    const { view } = reader
    expect([await reader.take(first), reader.view]).to.deep.equal([['duplicate'], view])
  })

  it('meet a gap where the envelope before or the change of another origin is missing, and are taken with it', async () => {
    const made = await conversation(4)
    const reader = await StateNode.open()
    const verdicts = await reader.state.accept(made.slice(1).map(arrivalOf))
    expect(verdicts).to.deep.equal([
      { status: 'gap', reason: 'a change that it builds on is missing' },
      { status: 'gap', reason: 'envelope 1 is missing' },
      { status: 'gap', reason: 'envelope 1 is missing' }
    ])
    expect(reader.state.feeds).to.deep.equal([])
    expect(await reader.take(...made)).to.deep.equal(['stored', 'stored', 'stored', 'stored'])
  })

  it('are taken a thousand at once, the last one first', async () => {
    const made: StateEnvelope[] = []
    for (let count = 0; count < 1_000; count++) made.push(await alpha.set('k', count))
    const reader = await StateNode.open()
    expect(new Set(await reader.take(...made.toReversed()))).to.deep.equal(new Set(['stored']))
    expect(reader.heads).to.deep.equal(alpha.heads)
  })

  it('stay whole when one of the batch is bad', async () => {
    const made = await conversation(3)
    const bad = sealAs(createIdentity(), Uint8Array.from(made[0]?.payload ?? []), undefined)
    const reader = await StateNode.open()
    expect(await reader.take(...made, bad)).to.deep.equal(['stored', 'stored', 'stored', 'refused'])
    expect(reader.view).to.deep.equal(alpha.view)
  })

  describe('are refused before Automerge sees them', () => {
    const mallory = createIdentity()
    const trudy = createIdentity()
    const actor = actorFor(mallory)
    const set = craft(actor)
    const first = sealAs(mallory, set, undefined)
    const { hash } = changeOf(first)
    const next = { seq: 2, startOp: 2, deps: [hash] }

    const cases: Record<string, [StateEnvelope, RegExp]> = {
      'with an actor that is not of their origin': [sealAs(mallory, craft(actorFor(createIdentity())), undefined), /actor is not one of its origin/],
      'with another actor in the header': [sealAs(mallory, set, undefined, { actor: new Uint8Array(16) }), /another actor/],
      'with another head in the header': [sealAs(mallory, set, undefined, { heads: [new Uint8Array(32)] }), /not the one its header names/],
      'with two heads': [sealAs(mallory, set, undefined, { heads: [hash, hash] }), /not the one its header names/],
      'of another journal': [sealAs(mallory, set, undefined, { journal: 'other' }), /does not belong to the state of journal plans/],
      'whose first change is not number 1': [sealAs(mallory, craft(actor, { seq: 2 }), undefined), /change 2 of its actor, where 1 was due/],
      'whose operations start too high': [sealAs(trudy, craft(actorFor(trudy), { startOp: 2 ** 31 }), undefined), /start at 2147483648, where 1 was due/],
      'that skip a number of their actor': [sealAs(mallory, craft(actor, { ...next, seq: 3 }), first), /change 3 of its actor, where 2 was due/],
      'whose operations overlap': [sealAs(mallory, craft(actor, { ...next, startOp: 1 }), first), /start at 1, where 2 was due/],
      'that do not build on their predecessor': [sealAs(mallory, craft(actor, { ...next, startOp: 1, deps: [] }), first), /does not build on its predecessor/],
      'that skip a number in their feed': [sealAs(mallory, craft(actor, next), first, { seq: 3 }), /predecessor is not the envelope before it/],
      'that write into an object that is not there': [sealAs(trudy, craft(actorFor(trudy), { ops: [setIn(`99@${hexOf(actorFor(trudy))}`, 'k', 1)] }), undefined), /an object that is not there/],
      'that write into what is no object': [sealAs(trudy, craft(actorFor(trudy), { ops: [setRoot('k', 1), setIn(`1@${hexOf(actorFor(trudy))}`, 'k', 1)] }), undefined), /an object that is not there/],
      'that replace what is not there': [sealAs(trudy, craft(actorFor(trudy), { ops: [{ ...setRoot('k', 1), pred: [`7@${hexOf(actorFor(trudy))}`] }] }), undefined), /an operation that is not there/],
      'that refer to what they do not build on': [sealAs(trudy, craft(actorFor(trudy), { ops: [{ ...setRoot('k', 1), pred: [`1@${hexOf(actor)}`] }] }), undefined), /an operation that is not there/],
      'that nest objects too deep': [sealAs(trudy, craft(actorFor(trudy), { ops: nested(trudy, 65) }), undefined), /nested more than 64 deep/],
      'with a key that would reach a prototype': [sealAs(trudy, craft(actorFor(trudy), { ops: [makeMap('_root', '__proto__')] }), undefined), /the key __proto__/],
      'with too many operations': [sealAs(mallory, craft(actor, { ops: Array.from({ length: 100_001 }, () => setRoot('k', 1)) }), undefined), /operations/]
    }
    for (const [name, [envelope, reason]] of Object.entries(cases)) {
      it(name, async () => {
        await beta.take(first)
        const { view } = beta
        const applied = beta.disk.points
        const [verdict] = await beta.state.accept([arrivalOf(envelope)])
        expect([verdict?.status, beta.view, beta.disk.points]).to.deep.equal(['refused', view, applied])
        expect(verdict?.reason).to.match(reason)
      })
    }

    it('that nest objects too deep in what other changes made', async () => {
      const base = sealAs(trudy, craft(actorFor(trudy), { ops: nested(trudy, 64) }), undefined)
      const deeper = craft(actorFor(trudy), { seq: 2, startOp: 65, deps: [changeOf(base).hash], ops: [makeMap(`64@${hexOf(actorFor(trudy))}`, 'in')] })
      expect(await beta.take(base, sealAs(trudy, deeper, base))).to.deep.equal(['stored', 'refused'])
    })

    it('that follow an envelope of another feed', async () => {
      const stranger = await alpha.set('a', 1)
      await beta.take(stranger)
      const envelope = sealAs(mallory, craft(actor, { startOp: 2, deps: [changeOf(stranger).hash] }), stranger)
      expect(await beta.take(envelope)).to.deep.equal(['refused'])
    })

    it('that are no change, or not of a state', async () => {
      const junk = { ...first, payload: Uint8Array.of(1, 2, 3) }
      const log = { ...first, header: { ...first.header, part: 'log', segment: 0, entries: 1 } }
      const snapshot = { kind: 'snapshot', snapshot: { proof: log, inflatedBytes: 0, deflated: new Uint8Array(0) }, bytes: new Uint8Array(0) }
      const verdicts = await beta.state.accept([arrivalOf(junk), arrivalOf(log as never), snapshot as never])
      expect(verdicts.map(({ status }) => status)).to.deep.equal(['refused', 'refused', 'refused'])
    })
  })

  it('of another life of this node are adopted, and what it writes then follows them', async () => {
    const before = await alpha.set('a', 1)
    const reborn = await StateNode.open(alpha.identity)
    await reborn.take(before)
    const envelope = await reborn.set('b', 2)
    expect([envelope.header.prev, reborn.state.value, reborn.forks]).to.deep.equal([before.id, { a: 1, b: 2 }, []])
  })

  it('make a fork where two lives wrote after one envelope: both paths stay, and it is reported once', async () => {
    const base = await alpha.set('a', 1)
    const backup = alpha.disk.afterKill()
    const left = await alpha.set('b', 2)
    const restored = await StateNode.open(alpha.identity, backup)
    const right = await restored.set('c', 3)
    for (const order of [[base, left, right], [right, left, base]]) {
      const reader = await StateNode.open()
      expect(await reader.take(...order)).to.deep.equal(['stored', 'stored', 'stored'])
      await reader.restart()
      expect(await reader.take(...order)).to.deep.equal(['duplicate', 'duplicate', 'duplicate'])
      expect(reader.state.value).to.deep.equal({ a: 1, b: 2, c: 3 })
      expect(reader.state.feeds.map(({ state: { tips } }) => tips.map(({ id }) => hexOf(id)).sort())).to.deep.equal([[hexOf(left.id), hexOf(right.id)].sort()])
      expect(reader.forks.map(({ seq, ids }) => [seq, ids.toSorted()])).to.deep.equal([[2, [hexOf(left.id), hexOf(right.id)].sort()]])
    }
  })

  it('make no more than 64 paths in one feed', async () => {
    const identity = createIdentity()
    const disk = new FaultyDisk()
    const roots: StateEnvelope[] = []
    for (let life = 0; life < 65; life++) roots.push(await (await StateNode.open(identity, disk.afterKill())).set(`k${life}`, life))
    const verdicts = await beta.state.accept(roots.map(arrivalOf))
    expect(verdicts.map(({ status }) => status)).to.deep.equal([...Array.from({ length: 64 }, () => 'stored'), 'refused'])
    expect(verdicts[64]?.reason).to.match(/64 paths/)
  })
})
