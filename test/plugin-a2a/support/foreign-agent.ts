import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server'
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import type { AgentCard as AgentCard03 } from 'a2a-sdk-0.3'
import { DefaultRequestHandler as DefaultRequestHandler03, InMemoryTaskStore as InMemoryTaskStore03, type AgentExecutor as AgentExecutor03 } from 'a2a-sdk-0.3/server'
import { agentCardHandler as agentCardHandler03, jsonRpcHandler as jsonRpcHandler03, UserBuilder as UserBuilder03 } from 'a2a-sdk-0.3/server/express'
import { loadSdk } from '../../../packages/plugin-a2a/src/sdk.ts'
import { EchoAgent } from './echo-agent.ts'
import { echoCard } from './two-nodes.ts'

// express is a dependency of the package, not of the tests.
const { express } = await loadSdk()
type App = ReturnType<typeof express>
type Routes = ReturnType<typeof jsonRpcHandler>

/** An A2A server that knows nothing of the mesh, on a port of its own. */
export class ForeignAgent {
  readonly echo = new EchoAgent()
  /** The headers of each request for a message or task. */
  readonly headers: Readonly<Record<string, unknown>>[] = []
  /** Where it is or was: `127.0.0.1:PORT`. */
  place = ''
  readonly #server: Server

  private constructor (listen: (app: App, agent: ForeignAgent, origin: () => string) => void) {
    const app = express()
    app.use((request, _response, next) => {
      if (request.method === 'POST') this.headers.push(request.headers)
      next()
    })
    this.#server = createServer(app)
    listen(app, this, () => this.url)
  }

  /** One of A2A 1.0, by the SDK 1.3, for one binding. */
  static start (binding: 'JSONRPC' | 'HTTP+JSON' = 'JSONRPC', port = 0): Promise<ForeignAgent> {
    return new ForeignAgent((app, { echo }, origin) => {
      const requestHandler = () => new DefaultRequestHandler({
        ...echoCard,
        name: 'foreign',
        version: '7',
        provider: undefined,
        supportedInterfaces: [{ url: `${origin()}a2a`, protocolBinding: binding, protocolVersion: '1.0', tenant: '' }],
        capabilities: { streaming: true, extensions: [] },
        securitySchemes: {},
        securityRequirements: [],
        defaultInputModes: ['text/plain'],
        defaultOutputModes: ['text/plain'],
        signatures: []
      }, store, echo)
      const store = new InMemoryTaskStore()
      let handler: ReturnType<typeof requestHandler> | undefined
      const get = () => {
        handler ??= requestHandler()
        return handler
      }
      app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: () => get().getAgentCard() }))
      app.use('/a2a', express.json({ limit: '20mb', type: ['application/json', 'application/a2a+json'] }), (request, response, next) => {
        const common = { requestHandler: get(), userBuilder: UserBuilder.noAuthentication }
        const listener = routes ??= binding === 'JSONRPC' ? jsonRpcHandler(common) : restHandler(common)
        listener(request, response, next)
      })
      let routes: Routes | undefined
    }).#listen(port)
  }

  /** One of A2A 0.3, by the SDK 0.3.14. It answers with a message. */
  static start03 (): Promise<ForeignAgent> {
    return new ForeignAgent((app, _agent, origin) => {
      const executor: AgentExecutor03 = {
        execute: async ({ userMessage }, bus) => {
          const [part] = userMessage.parts
          bus.publish({ kind: 'message', messageId: 'm', role: 'agent', parts: [{ kind: 'text', text: `old ${part?.kind === 'text' ? part.text : ''}` }] })
          bus.finished()
        },
        cancelTask: async () => {}
      }
      const card = (): AgentCard03 => ({ name: 'old', description: 'An old one', version: '1', protocolVersion: '0.3.0', url: `${origin()}a2a`, preferredTransport: 'JSONRPC', capabilities: { streaming: true }, defaultInputModes: ['text/plain'], defaultOutputModes: ['text/plain'], skills: [] })
      app.use('/.well-known/agent-card.json', (request, response, next) => agentCardHandler03({ agentCardProvider: async () => card() })(request, response, next))
      app.use('/a2a', (request, response, next) => jsonRpcHandler03({ requestHandler: new DefaultRequestHandler03(card(), new InMemoryTaskStore03(), executor), userBuilder: UserBuilder03.noAuthentication })(request, response, next))
    }).#listen(0)
  }

  get port (): number { return (this.#server.address() as AddressInfo).port }
  get url (): string { return `http://127.0.0.1:${this.port}/` }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #listen (port: number): Promise<this> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.place = `127.0.0.1:${this.port}`
    return this
  }
}
