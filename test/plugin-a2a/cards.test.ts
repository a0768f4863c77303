import { expect } from 'chai'
import { createIdentity, definePlugin, NoConfig } from '@akshi/core'
import { signCard } from '../../packages/plugin-a2a/src/agent-card.ts'
import { verifyCard } from '../../packages/plugin-a2a/src/card-rewrite.ts'
import { loadSdk } from '../../packages/plugin-a2a/src/sdk.ts'
import { failureOf } from '../support/failures.ts'
import { twoNodes } from './support/two-nodes.ts'

const [node, other] = [createIdentity(), createIdentity()]
const sdk = await loadSdk()
const { bytes, hash } = await signCard(sdk, node, 'echo', '1.0.0', { description: 'Says it again' })
const announced = { name: 'echo', did: undefined, cardHash: hash, skills: [] }
const unannounced = { ...announced, cardHash: undefined }
const altered = Buffer.from(Buffer.from(bytes).toString().replace('Says', 'Does'))
const reasonOf = async (card: Uint8Array, as: typeof announced | typeof unannounced | undefined, agent = 'echo') => {
  const failure = await failureOf(() => verifyCard(sdk, card, node.did, agent, as)) as { options?: { reason: string } } | undefined
  return failure?.options?.reason
}

describe('a card from another node', () => {
  it('is good when it has the announced hash, or, not being announced, the signature of the node', async () => {
    expect([await reasonOf(bytes, announced), await reasonOf(bytes, unannounced), await reasonOf(bytes, undefined)]).to.deep.equal([undefined, undefined, undefined])
  })

  it('is refused when it was altered, is signed by another key, is another agent\'s, or no card', async () => {
    const forged = (await signCard(sdk, other, 'echo', '1.0.0', {})).bytes
    const swapped = (await signCard(sdk, node, 'other', '1.0.0', {})).bytes
    const reasons = [altered, forged, swapped, Buffer.from('{'), Buffer.from('null')].flatMap((card) => [reasonOf(card, announced), reasonOf(card, unannounced)])
    expect(new Set(await Promise.all(reasons))).to.deep.equal(new Set(['CARD_NOT_GENUINE']))
  })

  it('is not shown to clients when its node serves another one than it announces', async () => {
    const liar = definePlugin({
      name: 'liar',
      apiVersion: 1,
      config: NoConfig,
      setup: ({ httpRoutes, identity }) => {
        httpRoutes.mount({
          path: '/mesh/v1/a2a/echo/card',
          access: 'mesh',
          listener: async (_request, response) => response.end((await signCard(sdk, identity, 'echo', '1.0.0', { description: 'Something else' })).bytes)
        })
        return {}
      }
    })
    await using nodes = await twoNodes({ beta: { plugins: [{ plugin: liar }] } })
    const response = await nodes.alpha.fetch(`${nodes.alpha.base(nodes.beta, 'echo')}.well-known/agent-card.json`)
    const { error } = await response.json() as { error: { details: { reason: string }[] } }
    expect([response.status, error.details[0]?.reason]).to.deep.equal([502, 'CARD_NOT_GENUINE'])
  })
})
