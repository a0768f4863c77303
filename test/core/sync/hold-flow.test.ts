import { expect } from 'chai'
import { definePlugin, NoConfig, type Did, type OutgoingJournalItem, type Plugin, type Veto } from '@akshi/core'
import { Lab } from '../../testkit/support/lab.ts'

type Tap = (envelope: OutgoingJournalItem, lab: Lab) => Promise<Veto | undefined> | Veto | undefined

const guard = (tap: (envelope: OutgoingJournalItem) => ReturnType<Tap>): Plugin => definePlugin({
  name: 'guard',
  apiVersion: 1,
  config: NoConfig,
  setup ({ hooks }) {
    hooks.beforeEnvelopeSend.tapPromise('guard', async (envelope) => envelope.kind === 'journal' ? await tap(envelope) : undefined)
    return {}
  }
})

/** Node 0 is linked to node 1 and to node 2, which cannot meet each other; `tap` judges what node 0 sends to node 1. */
async function guarded (tap: Tap): Promise<Lab> {
  const lab: Lab = new Lab({ nodes: 3, plugins: (number) => number === 0 ? [guard((envelope) => envelope.to === lab.node(1).did ? tap(envelope, lab) : undefined)] : [] })
  const [, one, two] = lab.nodes.map(({ did }) => did) as [Did, Did, Did]
  lab.network.cut(one, two)
  lab.network.cut(two, one)
  await lab.start()
  await lab.runUntil(() => lab.node(0).control.convergence().converged)
  return lab
}

/** What node 0 says of node 1. */
function said (lab: Lab) {
  return lab.node(0).control.convergence().peers.find(({ peer_id: did }) => did === lab.node(1).did)
}

/** The entries that a node has of a journal of node 0. */
function countAt (lab: Lab, number: number, journal: string): number {
  return lab.node(number).control.journals().find(({ name }) => name === journal)?.entries ?? 0
}

async function append (lab: Lab, journal: string): Promise<void> {
  await lab.until(lab.node(0).control.append(journal, [{ body: journal }]))
}

describe('A tap of beforeEnvelopeSend', () => {
  it('that vetoes for one link holds the feed on that link alone, is named with its reason, and is asked again when it says', async () => {
    let asked = 0
    await using lab = await guarded(({ feed: { journal } }) => {
      if (journal !== 'held') return undefined
      asked++
      return asked > 2 ? undefined : { reason: 'guard: not today', retryAfterMs: 3_000 }
    })
    await append(lab, 'held')
    await append(lab, 'free')
    await lab.run(1_000)
    expect([countAt(lab, 1, 'held'), countAt(lab, 1, 'free'), countAt(lab, 2, 'held'), countAt(lab, 2, 'free')]).to.deep.equal([0, 1, 1, 1])
    expect(said(lab)).to.deep.include({ converged: false, lag: 1, reason: 'it lacks 1 envelopes, held back here: guard: not today' })
    await lab.run(1_900)
    expect([asked, countAt(lab, 1, 'held')]).to.deep.equal([1, 0])
    await lab.run(200)
    expect([asked, countAt(lab, 1, 'held')]).to.deep.equal([2, 0])
    await lab.run(3_100)
    expect([asked, countAt(lab, 1, 'held'), said(lab)?.converged]).to.deep.equal([3, 1, true])
  })

  it('that throws does the same, with what it threw as the reason', async () => {
    await using lab = await guarded(({ feed: { journal } }) => {
      if (journal === 'held') throw new Error('guard is broken')
      return undefined
    })
    await append(lab, 'held')
    await append(lab, 'free')
    await lab.run(1_000)
    expect([countAt(lab, 1, 'held'), countAt(lab, 1, 'free'), countAt(lab, 2, 'held'), countAt(lab, 2, 'free')]).to.deep.equal([0, 1, 1, 1])
    expect(said(lab)?.reason).to.equal('it lacks 1 envelopes, held back here: plugin "guard" (guard) failed in beforeEnvelopeSend: guard is broken')
  })

  it('that never decides stalls no other link', async () => {
    await using lab = await guarded(() => new Promise(() => {}))
    await append(lab, 'held')
    await append(lab, 'free')
    await lab.run(1_000)
    await append(lab, 'late')
    await lab.run(1_000)
    expect(['held', 'free', 'late'].map((journal) => countAt(lab, 2, journal))).to.deep.equal([1, 1, 1])
  })

  describe('that never decides', () => {
    const hangs = ({ feed: { journal } }: OutgoingJournalItem) => journal === 'held' ? new Promise<undefined>(() => {}) : undefined

    it('holds its feed only, takes no link down, and is named as the reason', async () => {
      await using lab = await guarded(hangs)
      for (const journal of ['held', 'a-free', 'z-free']) await append(lab, journal)
      await lab.run(60_000)
      expect(['held', 'a-free', 'z-free'].map((journal) => countAt(lab, 1, journal))).to.deep.equal([0, 1, 1])
      expect(lab.nodes.flatMap(({ control }) => control.peers().flatMap(({ link }) => link?.transport === undefined || link.state === 'up' ? [] : [link.reason])).filter((reason) => !reason.includes('no answer'))).to.deep.equal([])
      expect(said(lab)?.reason).to.include('held back here: plugin "guard" (guard) did not decide in beforeEnvelopeSend within 2 s')
    })

    it('is not asked again and again', async () => {
      let asked = 0
      await using lab = await guarded((envelope) => { const call = hangs(envelope); if (call !== undefined) asked++; return call })
      await append(lab, 'held')
      await lab.run(120_000)
      expect(asked).to.be.within(1, 3)
    })
  })

  it('that takes a second for each envelope slows its link down and does not stop it', async () => {
    await using lab = await guarded(async (_, { clock }) => { await clock.sleep(1_000); return undefined })
    for (let count = 0; count < 45; count++) await append(lab, 'slow')
    await lab.run(300_000)
    expect(countAt(lab, 1, 'slow')).to.equal(45)
  })
})
