import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { expect } from 'chai'
import { createIdentity, systemClock, type Address, type Clock, type Finding, type PeerStatus } from '@akshi/core'
import { TestNode, type TestNodeOptions } from './fixture.ts'

const down = { transport: 'http', state: 'down', reason: 'lost', since: '' } as const

/** A node that trusts these. */
function nodeThatTrusts (peers: readonly Partial<PeerStatus>[], options: TestNodeOptions = {}): TestNode {
  const node = new TestNode(options)
  node.fake.answers['peers'] = peers.map((peer) => ({ name: 'beta', trust: 'trusted', trustReason: 'approved by the operator', health: 'down', addresses: [], link: down, ...peer }))
  node.fake.answers['why'] = { tries: [] }
  return node
}

/** All but that its port works. */
async function ailments (node: TestNode): Promise<readonly Finding[]> {
  return (await node.checks.run()).filter(({ level }) => level !== 'ok')
}

describe('the checks of plugin-http', () => {
  let nodes: TestNode[]
  beforeEach(() => { nodes = [] })
  afterEach(async () => { await Promise.all(nodes.map((node) => node.stop())) })

  const start = async (node: TestNode) => {
    nodes.push(node)
    return await node.start()
  }

  describe('of the port', () => {
    it('dial it and find the own key', async () => {
      const node = await start(nodeThatTrusts([]))
      expect(await node.checks.run()).to.deep.equal([{ topic: 'port', level: 'ok', message: `127.0.0.1:${node.port} answers with this node's certificate` }])
    })

    it('fail when another node answers there', async () => {
      const [node, other] = [await start(nodeThatTrusts([])), await start(new TestNode())]
      node.httpRoutes.baseUrl = `http://127.0.0.1:${other.port}`
      const [finding] = await ailments(node)
      const place = `127.0.0.1:${other.port}`
      expect([finding?.level, finding?.message.startsWith(`this node cannot be dialled at its own port ${place}, not even by itself: ${place}: ${other.identity.did} answers there`)]).to.deep.equal(['failure', true])
    })
  })

  describe('of the dashboard', () => {
    const far: Partial<PeerStatus> = { did: createIdentity().did, addresses: [{ host: '192.0.2.7', port: 3210 }], health: 'left' }
    const dashboards = async (node: TestNode) => (await ailments(node)).filter(({ topic }) => topic === 'dashboard').map(({ level, message, fix }) => [level, message.slice(0, 40), fix])

    it('find no fault in the defaults, nor in loopback while all peers are there or a tunnel is', async () => {
      const near = { ...far, addresses: [{ host: '127.0.0.1', port: 3210 }, { host: '::1', port: 3210 }] }
      const tunnelled = nodeThatTrusts([far])
      tunnelled.tunnels.join({ own: ['fd00::1'], contains: () => false, to: () => undefined })
      const nodes = [nodeThatTrusts([far], { dashboard: { bind: '0.0.0.0' } }), nodeThatTrusts([near]), tunnelled]
      expect(await Promise.all(nodes.map(dashboards))).to.deep.equal([[], [], []])
    })

    it('warn of loopback when a peer is on another machine', async () => {
      expect(await dashboards(nodeThatTrusts([far]))).to.deep.equal([['warning', 'this node listens on 127.0.0.1 only: bet', 'bind = "0.0.0.0"  # under [dashboard] in runtime.toml']])
    })

    it('warn of an API without a token, and of one for other machines', async () => {
      expect(await dashboards(nodeThatTrusts([], { dashboard: { auth: false, remote: true, bind: '0.0.0.0' } }))).to.deep.equal([
        ['warning', 'the local API asks for no token (dashboa', 'auth = true  # under [dashboard] in runtime.toml'],
        ['warning', 'the local API answers other machines (da', 'remote = false  # under [dashboard] in runtime.toml']
      ])
      expect(await dashboards(nodeThatTrusts([], { dashboard: { remote: true } }))).to.deep.equal([])
    })
  })

  describe('of peers', () => {
    it('say who answers at the address of a peer instead, and how to let that one in', async () => {
      const other = await start(new TestNode())
      const { did } = createIdentity()
      const { did: found } = other.identity
      const message = `${found} answers at 127.0.0.1:${other.port}, not beta (${did}). If beta has a new key, let that one in; ask its operator first.`
      const node = await start(nodeThatTrusts([{ did, addresses: [other.address] }]))
      expect(await ailments(node)).to.deep.equal([{ topic: 'peers', level: 'warning', message, fix: `akshi trust ${found}` }])
      const listed = await start(nodeThatTrusts([{ did, addresses: [other.address], trustReason: 'listed in runtime.toml' }]))
      expect((await ailments(listed))[0]?.fix).to.equal(`node_did = "${found}"  # in place of ${did} in runtime.toml`)
    })

    it('tell why no address of a peer answers, those included that were only heard of', async () => {
      const { did } = createIdentity()
      const [first, second] = [await closedPort(), await closedPort()]
      const node = await start(nodeThatTrusts([{ did, addresses: [first], via: { transport: 'fs', reason: '' } }]))
      node.fake.answers['why'] = { tries: [{ address: first }, { address: second }] }
      const reasons = [first, second].map(({ port }) => `127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`)
      expect(await ailments(node)).to.deep.equal([{ topic: 'peers', level: 'warning', message: `beta answers nowhere: ${reasons.join('; ')}; fs carries envelopes meanwhile`, fix: 'on beta: akshi run' }])
    })

    it('wait for an address that says nothing no longer than 3 s', async () => {
      await using silent = await SilentPort.open()
      const [clock, passTime] = steppedClock(3_000)
      const node = await start(nodeThatTrusts([{ did: createIdentity().did, addresses: [silent.address] }], { clock }))
      const found = ailments(node)
      await silent.dialled
      passTime()
      expect((await found).map(({ message, fix }) => [message, fix])).to.deep.equal([[`beta answers nowhere: 127.0.0.1:${silent.address.port}: no answer in 3 s`, 'on beta: akshi doctor']])
    })

    it('say that a peer does not trust this node, until it does', async () => {
      const beta = await start(new TestNode())
      const node = await start(nodeThatTrusts([{ did: beta.identity.did, addresses: [beta.address] }]))
      expect(await ailments(node)).to.deep.equal([{ topic: 'peers', level: 'warning', message: 'beta does not trust this node yet: neither gets anything of the other', fix: `on beta: akshi trust ${node.identity.did}` }])
      beta.receiver.trusted.add(node.identity.did)
      expect(await ailments(node)).to.deep.equal([])
    })

    it('dial nobody who is linked, has left or is not trusted', async () => {
      const address = await closedPort()
      const peers: Partial<PeerStatus>[] = [{ link: { ...down, state: 'up' } }, { health: 'left' }, { trust: 'pending' }]
      const node = await start(nodeThatTrusts(peers.map((peer) => ({ did: createIdentity().did, addresses: [address], ...peer }))))
      expect(await ailments(node)).to.deep.equal([])
    })
  })

  describe('of the clock', () => {
    for (const [offsetMs, words] of [[600_000, '10 min behind'], [-3 * 3_600_000, '3 h ahead of']] as const) {
      it(`tell whose is ${words} this machine's, from the answers over its link`, async () => {
        const beta = await start(new TestNode())
        const { did } = beta.identity
        const node = await start(nodeThatTrusts([{ did, link: { ...down, state: 'up' } }], { clock: shifted(offsetMs) }))
        beta.receiver.trusted.add(node.identity.did)
        expect(await ailments(node)).to.deep.equal([])                            // nothing was heard of it yet
        await ask(node, beta)
        expect(await ailments(node)).to.deep.equal([{ topic: 'clock', level: 'warning', message: `the clock of beta is ${words} this machine's: entries do not sort as they were written. Set the one that is wrong.`, fix: 'sudo timedatectl set-ntp true' }])
      })
    }

    it('leave alone a difference that does not hurt', async () => {
      const beta = await start(new TestNode())
      const node = await start(nodeThatTrusts([{ did: beta.identity.did, link: { ...down, state: 'up' } }], { clock: shifted(50_000) }))
      beta.receiver.trusted.add(node.identity.did)
      await ask(node, beta)
      expect(await ailments(node)).to.deep.equal([])
    })
  })
})

async function ask (node: TestNode, beta: TestNode): Promise<void> {
  const { signal } = new AbortController()
  const link = await node.transport.connect({ kind: 'peer', did: beta.identity.did, addresses: () => [beta.address] }, signal)
  await link.digest({ root: new Uint8Array(32) }, signal)
  await link.close()
}

function shifted (offsetMs: number): Clock {
  return { ...systemClock, now: () => systemClock.now() + offsetMs }
}

/** A clock on which timers of exactly this length fire when told. */
function steppedClock (lengthMs: number): [Clock, () => void] {
  const due: (() => void)[] = []
  const hold = (run: () => void) => {
    due.push(run)
    return { cancel: () => {} }
  }
  const clock: Clock = { ...systemClock, timer: (delayMs, run) => delayMs === lengthMs ? hold(run) : systemClock.timer(delayMs, run) }
  return [clock, () => { for (const run of due) run() }]
}

/** An address at which nothing listens any more. */
async function closedPort (): Promise<Address> {
  const port = await SilentPort.open()
  await port[Symbol.asyncDispose]()
  return port.address
}

/** Takes connections and says nothing. */
class SilentPort {
  readonly address: Address
  readonly dialled: Promise<unknown>
  readonly #server: Server

  private constructor (server: Server) {
    this.#server = server
    this.dialled = once(server, 'connection')
    this.address = { host: '127.0.0.1', port: (server.address() as { port: number }).port }
  }

  static async open (): Promise<SilentPort> {
    const server = createServer((socket) => socket.on('error', () => {}))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new SilentPort(server)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.dialled.catch(() => {})
    this.#server.close()
  }
}
