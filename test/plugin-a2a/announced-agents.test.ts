import { expect } from 'chai'
import { createIdentity, openAnnouncement, type Announcement } from '@akshi/core'
import { signAnnouncement } from '../../packages/core/src/announce.ts'

import { announceAgents, announcedAgents, type AnnouncedAgent } from '../../packages/plugin-a2a/src/announced-agents.ts'

const identity = createIdentity()
const plain: Announcement = { did: identity.did, seq: 1, name: 'alpha', issuedAt: 1, expiresAt: 2, addresses: [], capabilities: ['journal'], agents: ['diary'], sealingKey: identity.sealingKey, extra: { other: 1 } }

/** As another node reads it. */
function sent (agents: readonly AnnouncedAgent[]): Announcement {
  return openAnnouncement(signAnnouncement(identity, 'test', announceAgents(plain, agents)).bytes, 'test').announcement
}

function agent (index: number, skills: readonly string[] = ['plan']): AnnouncedAgent {
  return { name: `agent-${index}`, did: identity.agentDid(`agent-${index}`), cardHash: new Uint8Array(32).fill(index), skills }
}

describe('announced agents', () => {
  it('arrive as they were, beside what others announce', () => {
    const announcement = sent([agent(1), agent(2, [])])
    const { other } = announcement.extra
    expect([announcedAgents(announcement).map((each) => ({ ...each, cardHash: Uint8Array.from(each.cardHash ?? []) })), announcement.agents, announcement.capabilities, other])
      .to.deep.equal([[agent(1), agent(2, [])], ['diary', 'agent-1', 'agent-2'], ['journal', 'a2a'], 1])
  })

  it('fit the announcement, however many there are and however much they can do', () => {
    const skills = Array.from({ length: 100 }, (_, index) => `${'skill'.repeat(12)}${index}`)
    const many = announcedAgents(sent(Array.from({ length: 500 }, (_, index) => agent(index))))
    const able = announcedAgents(sent(Array.from({ length: 500 }, (_, index) => agent(index, skills))))
    expect([many.length > 30, able.length > 3, able[0]?.skills.length]).to.deep.equal([true, true, 16])
  })

  it('that make no sense are left out', () => {
    const odd = [null, 7, {}, { name: '../x' }, { name: 'x'.repeat(65) }, { name: 'fine', did: 'did:web:x', card: new Uint8Array(31), skills: [7, 'plan', 'x'.repeat(300)] }]
    expect([announcedAgents({ ...plain, extra: { a2a: { agents: odd } } }), announcedAgents({ ...plain, extra: { a2a: 7 } }), announcedAgents(undefined)])
      .to.deep.equal([[{ name: 'fine', did: undefined, cardHash: undefined, skills: ['plan'] }], [], []])
  })
})
