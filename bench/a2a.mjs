// What the gateway costs: an A2A message by way of two nodes, against the same message straight to the agent's own server.
// The agent, the nodes and the client are processes of their own, on loopback; nodes write to disk before they give a message
// to an agent. All ways take turns within a run. Usage: node bench/a2a.mjs [messages for latency] [seconds for each throughput]
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { EventEmitter, on, once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { mkdtemp, open as openFile, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server'
import { jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import { createNode, definePlugin, ensureIdentity, ensureToken, homePaths, loadConfig, MeshError, NoConfig, silentLogger } from '@akshi/core'
import { createA2a } from '@akshi/plugin-a2a'
import http from '@akshi/plugin-http'
import { loadSdk } from '../packages/plugin-a2a/dist/sdk.js'

const queued = 1_000
const atOnce = [1, 16, 64]
const rounds = 3
const [cpuMessages, cpuAtOnce] = [1_600, 16]

async function measure (messages, seconds) {
  const folder = await mkdtemp(join(tmpdir(), 'akshi-a2a-'))
  const processes = []
  const open = (home) => {
    const opened = startProcess({ home: join(folder, home) })
    processes.push(opened)
    return opened.call
  }
  try {
    console.log(`Node ${process.versions.node}, ${cpus().length} processors, load ${loadavg()[0].toFixed(1)}\n`)
    await measureGateway(open, await openFile(join(folder, 'disk'), 'a'), messages, seconds)
    await measureRelay(open, Math.ceil(messages / 4))
    console.log(`\nload at the end ${loadavg()[0].toFixed(1)}`)
  } finally {
    for (const { child } of processes) child.kill()
    await Promise.all(processes.map(({ exit }) => exit))
    await rm(folder, { recursive: true })
  }
}

async function measureGateway (open, file, messages, seconds) {
  const [server, alpha, beta] = ['server', 'alpha', 'beta'].map(open)
  const url = await server('serve')
  const [sender, receiver] = await Promise.all([alpha('identify'), beta('identify')])
  const agents = [{ name: 'served', url }]
  const { port: receiverPort } = await beta('start', { agents, peers: [{ node_did: sender.did }] })
  const { url: node, port } = await alpha('start', { peers: [{ node_did: receiver.did, endpoint: '127.0.0.1', dashboard_port: receiverPort }] })
  const meets = { node, token: sender.token, did: receiver.did }
  await meet(meets)
  const through = (agent) => new Client(`${node}/a2a/${receiver.did}/${agent}/rpc`, sender.token)
  const disk = { send: () => writeTwice(file) }
  const ways = { 'straight to its server': new Client(`${url}a2a`), 'gateway, agent with a url': through('served'), 'gateway, agent in its node': through('inside') }

  await showLatency({ ...ways, 'two fdatasyncs, and nothing else': disk }, messages)
  await showThroughput(ways, seconds)
  await file.close()
  await showCpu(ways, { 'the sending node': alpha, 'the agent\'s node': beta, 'the agent\'s server': server })
  await showDrain({ client: through('inside'), beta, start: { agents, peers: [{ node_did: sender.did, endpoint: '127.0.0.1', dashboard_port: port }] }, ...meets })
}

async function showLatency (ways, messages) {
  const times = Object.fromEntries(Object.keys(ways).map((way) => [way, []]))
  for (let i = -200; i < messages; i++) {
    for (const [way, client] of Object.entries(ways)) {
      const ms = await client.send()
      if (i >= 0) times[way].push(ms)
    }
  }
  const [base] = Object.values(times)
  printRow('One message after the other', 'p50', 'p95', 'p50, ratio', 'p95, ratio', 'p50, added')
  printRow(...Array(6).fill('---'))
  for (const [way, each] of Object.entries(times)) {
    const [p50, p95, base50, base95] = [quantile(each, 0.5), quantile(each, 0.95), quantile(base, 0.5), quantile(base, 0.95)]
    printRow(way, ms(p50), ms(p95), (p50 / base50).toFixed(2), (p95 / base95).toFixed(2), ms(p50 - base50))
  }
}

/** What a node does on disk for a message to its agent: it notes that it gives it, and what came of it. */
async function writeTwice (file) {
  const began = performance.now()
  for (let i = 0; i < 2; i++) {
    await file.appendFile('x'.repeat(500))
    await file.datasync()
  }
  return performance.now() - began
}

async function showThroughput (ways, seconds) {
  const rates = Object.fromEntries(Object.keys(ways).map((way) => [way, atOnce.map(() => [])]))
  for (let round = 0; round < rounds; round++) {
    for (const [index, count] of atOnce.entries()) {
      for (const [way, client] of Object.entries(ways)) rates[way][index].push(await rateOf(client, count, seconds))
    }
  }
  console.log()
  printRow('Messages a second', ...atOnce.map((count) => `${count} at a time`))
  printRow(...Array(atOnce.length + 1).fill('---'))
  for (const [way, each] of Object.entries(rates)) printRow(way, ...each.map((rate) => quantile(rate, 0.5).toFixed(0)))
}

async function rateOf (client, count, seconds) {
  const began = performance.now()
  const end = began + seconds * 1_000
  let sent = 0
  await Promise.all(Array.from({ length: count }, async () => {
    while (performance.now() < end) {
      await client.send()
      sent++
    }
  }))
  return sent / (performance.now() - began) * 1_000
}

/** What the processes work for a message: that does not depend on what else the machine does, as times do. */
async function showCpu (ways, processes) {
  console.log()
  printRow(`CPU time a message, ${cpuAtOnce} at a time`, ...Object.keys(processes))
  printRow(...Array(Object.keys(processes).length + 1).fill('---'))
  for (const [way, client] of Object.entries(ways)) {
    const used = () => Promise.all(Object.values(processes).map((call) => call('cpuMs')))
    const before = await used()
    for (let i = 0; i < cpuMessages / cpuAtOnce; i++) await Promise.all(Array.from({ length: cpuAtOnce }, () => client.send()))
    const after = await used()
    printRow(way, ...after.map((each, index) => ms((each - before[index]) / cpuMessages)))
  }
}

/** The receiver stops, messages are queued for it, and it comes back. */
async function showDrain ({ client, beta, start, node, token }) {
  await beta('stop')
  const before = performance.now()
  const ids = new Set()
  for (let i = 0; i < queued / 50; i++) {
    await Promise.all(Array.from({ length: 50 }, async () => { ids.add((await client.call({ returnImmediately: true })).task.id) }))
  }
  const queuedMs = performance.now() - before
  if (ids.size !== queued) throw new Error(`${ids.size} of ${queued} messages were queued`)
  await beta('start', start)
  const back = performance.now()
  await beta('given', queued)
  const givenMs = performance.now() - back
  const shown = new Client(`${node}/api/v1/a2a/tasks`, token)
  for (;;) {
    const { tasks } = await shown.get()
    if (tasks.filter(({ task_id: id, status }) => ids.has(id) && status === 'completed').length === queued) break
    await setTimeout(100)
  }
  const doneMs = performance.now() - back
  const given = await beta('given', queued)
  if (given !== queued) throw new Error(`${given} messages were given to the agent, of ${queued}`)
  console.log()
  printRow(`${queued} messages to a node that is away`, 'Took', 'A second')
  printRow('---', '---', '---')
  for (const [what, took] of [['queued, 50 at a time', queuedMs], ['given to the agent, from when its node was back', givenMs], ['their outcome known to the sender', doneMs]]) printRow(what, `${(took / 1_000).toFixed(1)} s`, (queued / took * 1_000).toFixed(0))
}

/** Two nodes that cannot dial each other, and one that both meet. */
async function measureRelay (open, messages) {
  const [alpha, beta, relay] = ['far-alpha', 'far-beta', 'relay'].map(open)
  const [sender, receiver, between] = await Promise.all([alpha, beta, relay].map((call) => call('identify')))
  const { port } = await relay('start', { peers: [sender, receiver].map(({ did }) => ({ node_did: did })) })
  const middle = { node_did: between.did, endpoint: '127.0.0.1', dashboard_port: port }
  await beta('start', { peers: [middle, { node_did: sender.did }], wall: sender.did })
  const { url: node } = await alpha('start', { peers: [middle, { node_did: receiver.did }], wall: receiver.did })
  await meet({ node, token: sender.token, did: receiver.did })
  const client = new Client(`${node}/a2a/${receiver.did}/inside/rpc`, sender.token)
  const times = []
  for (let i = -20; i < messages; i++) {
    const ms = await client.send()
    if (i >= 0) times.push(ms)
  }
  console.log()
  printRow('Through a mutual peer, sealed', 'p50', 'p95')
  printRow('---', '---', '---')
  printRow('one message after the other', ms(quantile(times, 0.5)), ms(quantile(times, 0.95)))
}

/** Resolves when the agents of the other node are known. */
async function meet ({ node, token, did }) {
  const client = new Client(`${node}/api/v1/a2a/agents`, token)
  while (!(await client.get()).agents.some((agent) => agent.node.did === did)) await setTimeout(20)
}

/** A bare client with kept connections: what it costs itself is little, and the same for all ways. */
class Client {
  #url
  #headers
  #agent = new Agent({ keepAlive: true })

  constructor (url, token) {
    this.#url = url
    this.#headers = { 'content-type': 'application/json', 'a2a-version': '1.0', ...token !== undefined && { authorization: `Bearer ${token}` } }
  }

  /** How long a message takes to be answered. */
  async send () {
    const began = performance.now()
    const { message } = await this.call()
    const took = performance.now() - began
    if (message?.parts[0].text !== 'a few words') throw new Error(`that is no answer: ${JSON.stringify(message)}`)
    return took
  }

  async call (configuration) {
    const params = { message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text: 'a few words' }] }, configuration }
    const { result, error } = await this.#ask('POST', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params }))
    if (error !== undefined) throw new Error(`${this.#url} answers ${JSON.stringify(error)}`)
    return result
  }

  get () {
    return this.#ask('GET')
  }

  async #ask (method, body) {
    const outgoing = request(this.#url, { method, headers: this.#headers, agent: this.#agent })
    outgoing.end(body)
    const [response] = await once(outgoing, 'response')
    const pieces = []
    for await (const piece of response) pieces.push(piece)
    return JSON.parse(Buffer.concat(pieces))
  }
}

/** Calls tasks in a process of its own. */
function startProcess (settings) {
  const child = fork(new URL(import.meta.url), [JSON.stringify(settings)])
  const exit = once(child, 'exit')
  const waiting = new Map()
  child.on('message', ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id)
    if (error === undefined) resolve(result)
    else reject(new Error(error))
  })
  let last = 0
  const call = (task, argument) => new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject })
    child.send({ id: last, task, argument })
  })
  return { child, exit, call }
}

function answerParent () {
  const { home } = JSON.parse(process.argv[2])
  const tasks = { ...nodeTasks(home), serve, cpuMs }
  process.once('disconnect', () => process.exit())
  process.on('message', async ({ id, task, argument }) => {
    try {
      process.send({ id, result: await tasks[task](argument) })
    } catch (error) {
      process.send({ id, error: error.stack })
    }
  })
}

function cpuMs () {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** An agent that answers at once with what it was told. */
function echo (given = () => {}) {
  return {
    async execute ({ userMessage, contextId }, bus) {
      given()
      bus.publish({ kind: 'message', data: { messageId: randomUUID(), role: 2, parts: userMessage.parts, contextId, taskId: '', metadata: undefined, extensions: [], referenceTaskIds: [] } })
    },
    async cancelTask () {}
  }
}

/** The stock server of the SDK, which knows nothing of the mesh. */
async function serve () {
  const { express } = await loadSdk()
  const app = express()
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}/`
  const card = {
    name: 'served',
    description: 'Says again what it is told',
    version: '1',
    provider: undefined,
    supportedInterfaces: [{ url: `${url}a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' }],
    capabilities: { streaming: true, extensions: [] },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
    securitySchemes: {},
    securityRequirements: [],
    signatures: []
  }
  app.get('/.well-known/agent-card.json', (_request, response) => response.json(card))
  app.use('/a2a', jsonRpcHandler({ requestHandler: new DefaultRequestHandler(card, new InMemoryTaskStore(), echo()), userBuilder: UserBuilder.noAuthentication }))
  return url
}

/** A node, with the agent `inside`. */
function nodeTasks (home) {
  const given = new EventEmitter()
  let node
  let count = 0
  return {
    async identify () {
      const { identity } = await ensureIdentity(homePaths(home).key)
      return { did: identity.did, token: await ensureToken(homePaths(home).token) }
    },
    async start ({ peers, agents = [], wall }) {
      const flags = { 'dashboard.port': 0, 'dashboard.bind': '127.0.0.1', 'mesh.peers': peers, agents }
      const { config } = await loadConfig({ cwd: home, home, env: {}, flags })
      const a2a = createA2a()
      count = 0
      a2a.registerAgent('inside', { description: 'Says again what it is told' }, echo(() => given.emit('message', ++count)))
      const plugins = [{ plugin: http }, { plugin: a2a.plugin }, ...wall === undefined ? [] : [{ plugin: wallTo(wall) }]]
      node = await createNode({ config, configDir: home, logger: silentLogger, plugins })
      await node.start()
      return { url: node.url, port: Number(new URL(node.url).port) }
    },
    /** Resolves, to how many messages the agent has got since the start, when it is so many. */
    async given (least) {
      if (count >= least) return count
      for await (const [reached] of on(given, 'message')) if (reached >= least) return reached
    },
    stop: () => node.stop()
  }
}

/** Calls and links to a node do not get through, as if it were on a network that this one cannot reach. */
function wallTo (other) {
  return definePlugin({
    name: 'wall',
    apiVersion: 1,
    config: NoConfig,
    setup: ({ hooks, peerCalls }) => {
      hooks.selectTransport.tap('wall', (choices, { did }) => did === other ? [] : choices)
      const call = peerCalls.call.bind(peerCalls)
      peerCalls.call = async (did, ...rest) => {
        if (did === other) throw new MeshError('MESH_PEER_UNREACHABLE', 'there is a wall')
        return await call(did, ...rest)
      }
      return {}
    }
  })
}

function printRow (...cells) {
  console.log(`| ${cells.join(' | ')} |`)
}

function ms (value) {
  return `${value.toFixed(2)} ms`
}

function quantile (values, q) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
}

if (process.send === undefined) await measure(Number(process.argv[2] ?? 1_000), Number(process.argv[3] ?? 3))
else answerParent()
