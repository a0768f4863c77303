// The agent `planner`, in the process of its node. What a trip costs it asks another agent, through that node.
import { Message, SendMessageRequest, TaskState, taskStateToJSON, type Part, type Task } from '@a2a-js/sdk'
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client'
import { AgentEvent, type AgentExecutor } from '@a2a-js/sdk/server'

const node = process.env.NODE_URL ?? 'http://127.0.0.1:3210'
const token = process.env.NODE_TOKEN ?? ''

/** With the token of its own node a stock A2A client reaches the agents of every node. */
const fetchImpl: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  headers.set('authorization', `Bearer ${token}`)
  return fetch(input, { ...init, headers })
}

const clients = new ClientFactory({
  transports: [new JsonRpcTransportFactory({ fetchImpl })],
  cardResolver: new DefaultAgentCardResolver({ fetchImpl })
})

/** What the agent that has the skill answers, wherever it is. The same message id again gives the same answer, not a second task. */
async function ask (skill: string, text: string, messageId: string): Promise<string> {
  const response = await fetchImpl(`${node}/api/v1/a2a/agents?skill=${skill}`)
  if (!response.ok) throw new Error(`the node answers ${response.status}`)
  const { agents: [agent] } = await response.json() as { readonly agents: readonly { readonly url: string }[] }
  if (agent === undefined) throw new Error(`no agent has the skill "${skill}"`)
  const client = await clients.createFromUrl(agent.url)
  return answerOf(await client.sendMessage(SendMessageRequest.fromJSON({ message: { messageId, role: 'ROLE_USER', parts: [{ text }] } })))
}

function answerOf (result: Message | Task): string {
  if (!('artifacts' in result)) return textOf(result.parts)
  const { status, artifacts } = result
  if (status?.state !== TaskState.TASK_STATE_COMPLETED) throw new Error(`${status && taskStateToJSON(status.state)} ${textOf(status?.message?.parts ?? [])}`)
  return artifacts.map(({ parts }) => textOf(parts)).join('')
}

function textOf (parts: readonly Part[]): string {
  return parts.map(({ content }) => content?.$case === 'text' ? content.value : '').join('')
}

async function answer (text: string, messageId: string): Promise<string> {
  const days = Number(/(\d+) days/.exec(text)?.[1])
  if (!(days > 0)) return 'How long, and where? For example: 3 days in Rome'
  if (text.startsWith('nights of')) return String(days - 1)
  return `${text}: ${await ask('price', text, `${messageId}-price`)}`
}

const planner: AgentExecutor = {
  async execute ({ userMessage, contextId }, bus) {
    const text = await answer(textOf(userMessage.parts), userMessage.messageId)
    bus.publish(AgentEvent.message(Message.fromJSON({ messageId: `${userMessage.messageId}-answer`, contextId, role: 'ROLE_AGENT', parts: [{ text }] })))
  },
  async cancelTask () {}
}

export default planner
