import { expect } from 'chai'
import { createIdentity } from '../../../../packages/core/src/identity.ts'
import { craft, actorFor, poison } from './crafted-change.ts'
import { arrivalOf, changeOf, envelopesOf, sealAs, smuggle, StateNode } from './state-fixture.ts'

describe('JournalState when Automerge fails', () => {
  const mallory = createIdentity()
  const actor = actorFor(mallory)
  let writer: StateNode
  let reader: StateNode
  beforeEach(async () => {
    writer = await StateNode.open()
    reader = await StateNode.open()
  })

  it('refuses the change that it panics on, and what follows that in its feed; nothing else is harmed', async () => {
    const first = await writer.set('a', 1)
    const bad = sealAs(mallory, poison(actor), undefined)
    const after = sealAs(mallory, craft(actor, { seq: 2, startOp: 3, deps: [changeOf(bad).hash] }), bad)
    const second = await writer.set('b', 2)
    const verdicts = await reader.state.accept([first, after, bad, second].map(arrivalOf))
    expect(verdicts.map(({ status }) => status)).to.deep.equal(['stored', 'refused', 'refused', 'stored'])
    expect(verdicts[2]?.reason).to.match(/Automerge does not take its change: /)
    expect(verdicts[1]?.reason).to.equal('envelope 1 before it was refused')
    expect(reader.view).to.deep.equal(writer.view)
  })

  it('does not give Automerge a second time what it panicked on', async () => {
    const bad = sealAs(mallory, poison(actor), undefined)
    await reader.take(bad)
    const { points } = reader.disk
    expect([await reader.take(bad), reader.disk.points]).to.deep.equal([['refused'], points])
  })

  it('writes on after a panic', async () => {
    await reader.set('a', 1)
    await reader.take(sealAs(mallory, poison(actor), undefined))
    const envelope = await reader.set('b', 2)
    expect([reader.state.value, await writer.take(...await envelopesOf(reader))]).to.deep.equal([{ a: 1, b: 2 }, ['stored', 'stored']])
    expect(envelope.header.seq).to.equal(2)
  })

  it('leaves out a stored change that Automerge does not take any more, says so, and goes on', async () => {
    await writer.set('a', 1)
    await smuggle(writer.disk, mallory, sealAs(mallory, poison(actor), undefined))
    await writer.restart()
    expect([writer.state.value, writer.damages.length]).to.deep.equal([{ a: 1 }, 1])
    expect(writer.damages[0]).to.match(/Automerge does not take its change/)
    await writer.set('b', 2)
    expect(await reader.take(...await envelopesOf(writer))).to.have.members(['stored', 'stored', 'refused'])
    expect(reader.view).to.deep.include({ value: { a: 1, b: 2 } })
  })

  it('marks what it applies, so that a change which kills the process is refused from the third start on', async () => {
    const first = await writer.set('a', 1)
    const killer = await writer.set('b', 2)
    for (let death = 0; death < 2; death++) {
      // What a death inside Automerge leaves behind: the mark, and nothing stored.
      reader.mark.begin(killer.id)
      await reader.restart(reader.disk.afterKill())
    }
    const verdicts = await reader.state.accept([first, killer].map(arrivalOf))
    expect(verdicts).to.deep.equal([{ status: 'stored' }, { status: 'refused', reason: 'the process died twice while its change was applied' }])
  })

  it('tries each change alone in the life after a death, and so finds which one it was', async () => {
    const made = [await writer.set('a', 1), await writer.set('b', 2), await writer.set('c', 3)]
    reader.mark.begin(made[0]?.id ?? new Uint8Array(0))
    await reader.restart(reader.disk.afterKill())
    const begun: Uint8Array[] = []
    const { mark } = reader
    const begin = mark.begin.bind(mark)
    mark.begin = (id) => {
      begun.push(id)
      begin(id)
    }
    expect(await reader.take(...made)).to.deep.equal(['stored', 'stored', 'stored'])
    expect(begun).to.deep.equal(made.map(({ id }) => id))
    expect([...mark.suspects]).to.deep.equal([])
  })
})
