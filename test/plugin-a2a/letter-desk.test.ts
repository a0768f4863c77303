import { expect } from 'chai'
import { createIdentity, silentLogger, type Did } from '@akshi/core'
import type { HostedAgent, Outcome } from '../../packages/plugin-a2a/src/hosted-agent.ts'
import type { MessageLetter, OutcomeLetter } from '../../packages/plugin-a2a/src/letter.ts'
import { LetterDesk } from '../../packages/plugin-a2a/src/letter-desk.ts'

const [own, caller, other] = [createIdentity().did, createIdentity().did, createIdentity().did]

/** A desk with the agent `echo`, which has a message as soon as it is given it, and notes them. */
function deskWith ({ refuses = [] as readonly string[] } = {}) {
  const given: string[] = []
  const said: OutcomeLetter[] = []
  let held: string | undefined
  let letGo = () => {}
  const agent = {
    definition: { name: 'echo', allow: ['trusted'] },
    outcome: (from: Did, messageId: string): Outcome | undefined => given.includes(`${from === caller ? '' : 'other '}${messageId}`) ? { task: messageId } : undefined,
    give: async (from: Did, { messageId }: MessageLetter & { messageId: string }, saw: (outcome: Outcome) => void) => {
      await Promise.resolve()
      if (refuses.includes(messageId)) throw new Error('no')
      given.push(`${from === caller ? '' : 'other '}${messageId}`)
      if (held === messageId) await new Promise<void>((resolve) => { letGo = resolve })
      saw({ task: messageId })
    }
  } as unknown as HostedAgent
  const desk = new LetterDesk({ host: { ready: async () => {}, get: (name) => name === 'echo' ? agent : undefined }, own, send: async (_to, letter) => { said.push(letter as OutcomeLetter) }, logger: silentLogger })
  const take = async (messageId: string, previous?: string, from = caller, bytes = 10) => {
    await desk.take(from, { t: 'message', agent: 'echo', messageId, message: {}, ...previous !== undefined && { previous } }, bytes)
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  /** A message of which it is not known yet whether its agent has it, until `release`. */
  const hold = (messageId: string) => { held = messageId }
  const release = async () => {
    letGo()
    for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  }
  return { desk, given, said, take, hold, release }
}

describe('LetterDesk', () => {
  it('gives the messages of one caller to their agent in the order in which they were sent, however they come', async () => {
    const { given, take } = deskWith()
    await take('3', '2')
    await take('2', '1')
    await take('2', '1', other)
    await take('1')
    expect(given).to.deep.equal(['1', '2', '3'])
    await take('1', undefined, other)
    expect(given).to.deep.equal(['1', '2', '3', 'other 1', 'other 2'])
  })

  it('gives one that is sent anew without the one before, which is not to come any more', async () => {
    const { given, take } = deskWith()
    await take('2', '1')
    await take('2')
    expect(given).to.deep.equal(['2'])
  })

  it('does not hold others up behind one that is refused, and says why it was', async () => {
    const { given, said, take } = deskWith({ refuses: ['1'] })
    await take('2', '1')
    await take('1')
    expect([given, said.map(({ messageId, error, task }) => [messageId, error?.message ?? task])]).to.deep.equal([['2'], [['1', 'no'], ['2', '2']]])
  })

  it('gives none while the one before is not with its agent for good', async () => {
    const { given, take, hold, release } = deskWith()
    hold('1')
    await take('1')
    await take('2', '1')
    const meanwhile = [...given]
    await release()
    expect([meanwhile, given]).to.deep.equal([['1'], ['1', '2']])
  })

  it('keeps no more than its share of what waits: the oldest comes again', async () => {
    const { given, take } = deskWith()
    await take('late', 'one', caller, 60_000_000)
    await take('late', 'one', other, 60_000_000)
    await take('one')
    await take('one', undefined, other)
    expect(given).to.deep.equal(['one', 'other one', 'other late'])
  })

  it('refuses for agents that are not there', async () => {
    const { desk, said } = deskWith()
    await desk.take(caller, { t: 'ask', agent: 'nobody', messageId: '1' }, 1)
    expect(said.map(({ error }) => error?.reason)).to.deep.equal(['AGENT_UNKNOWN'])
  })
})
