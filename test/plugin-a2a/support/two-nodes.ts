import { once } from 'node:events'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { A2aNode, type A2aNodeOptions } from './a2a-node.ts'
import { EchoAgent } from './echo-agent.ts'
import { until } from './until.ts'

export { once }

export interface TwoNodesOptions {
  readonly alpha?: Omit<A2aNodeOptions, 'peers'>
  readonly beta?: Omit<A2aNodeOptions, 'peers'>
  /** Of the agent `echo` on beta. */
  readonly allow?: readonly string[]
}

/** Two nodes that trust each other and have met; the second has the agent `echo`, with the skill `repeat`. */
export async function twoNodes ({ alpha: alphaOptions = {}, beta: betaOptions = {}, allow = ['trusted'] }: TwoNodesOptions = {}) {
  const folder = await temporaryFolder()
  const [alpha, beta] = await Promise.all([A2aNode.make(folder.path, 'alpha'), A2aNode.make(folder.path, 'beta')])
  const echo = new EchoAgent()
  beta.a2a.registerAgent('echo', echoCard, echo, { allow })
  await beta.start({ ...betaOptions, peers: [{ did: alpha.did }] })
  await alpha.start({ ...alphaOptions, peers: [{ did: beta.did, port: beta.port }] })
  await met(alpha, beta)
  return {
    folder,
    alpha,
    beta,
    echo,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([alpha.stop(), beta.stop()])
      await folder[Symbol.asyncDispose]()
    }
  }
}

/** Resolves when the first has the announcement of the second, with its agents. */
export async function met (first: A2aNode, second: A2aNode, agent = 'echo'): Promise<void> {
  await until(async () => (await first.api<{ agents: readonly { name: string, node: { did: string } }[] }>('/a2a/agents')).agents.some(({ name, node }) => name === agent && node.did === second.did))
}

export const echoCard = {
  description: 'Says again what it is told',
  skills: [{ id: 'repeat', name: 'Repeat', description: 'Says it again', tags: ['echo'], examples: [], inputModes: [], outputModes: [], securityRequirements: [] }]
}
