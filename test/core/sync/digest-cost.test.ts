import { expect } from 'chai'
import type { NetworkMessage } from '@akshi/testkit'
import { Lab } from '../../testkit/support/lab.ts'

const journals = Array.from({ length: 100 }, (_, index) => `journal-${index}`)

describe('Two nodes with 100 journals, of which nothing changes,', () => {
  it('compare what they have with less than 1 KB in all, and send nothing else', async () => {
    await using lab = new Lab()
    await lab.start()
    for (const journal of journals) await lab.until(lab.node(0).control.append(journal, [{ body: journal }]))
    expect([await lab.runUntil(() => lab.hasConverged), lab.node(1).control.journals().length]).to.deep.equal([true, 100])
    await lab.run(5_000)
    const messages: NetworkMessage[] = []
    lab.network.onMessage((message) => messages.push(message))
    await lab.run(30_000)
    const answers = messages.filter(({ isAnswer }) => isAnswer)
    const bytes = messages.reduce((sum, message) => sum + message.bytes, 0)
    expect([messages.every(({ kind }) => kind === 'digest'), messages.length === 2 * answers.length, answers.length >= 6]).to.deep.equal([true, true, true])
    expect(bytes / answers.length, 'a question and its answer').to.be.within(1, 1_023)
  })
})
