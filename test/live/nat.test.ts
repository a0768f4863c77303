import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { ensureTunnelKey, tunnelAddress, tunnelKeyPath, type WgKey } from '@akshi/plugin-wireguard'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { LiveNode } from './live-node.ts'
import { NatLab, type Nat } from './nat-lab.ts'

const journal = 'notes'
const [pub, a, b] = [0, 1, 2] as const
const port = 51_820
const pollMs = 50
/** More than is promised, for machines that do other things too. */
const sameWithinMs = 6_000
const directWithinMs = 8_000
const againWithinMs = 10_000

const why = NatLab.missing()
const test = why === undefined ? it : it.skip
const titled = (title: string) => why === undefined ? title : `${title} (skipped: ${why})`

describe('Two nodes behind NATs that know of each other only who they are, and of a public peer where it is', function () {
  this.timeout(60_000)

  test(titled('meet in a tunnel right through both cones, and have the same'), async () => {
    await natted('cone', 'cone', async (mesh) => {
      await mesh.append()
      const [sameMs, directMs] = await Promise.all([mesh.untilSame(), mesh.untilDirect()])
      print(`cone/cone: the same after ${sameMs} ms, direct after ${directMs} ms`)
      await mesh.until(async () => await mesh.isInTunnel(a, b) && await mesh.isInTunnel(b, a), directWithinMs, 'each has a link to the other in the tunnel')
    })
  })

  test(titled('have the same through the public peer where nobody can say which port a NAT takes next'), async () => {
    await natted('random', 'random', async (mesh) => {
      await mesh.append()
      print(`random/random: the same after ${await mesh.untilSame()} ms`)
      expect([await mesh.isShaken(a, b), await mesh.isShaken(b, a)]).to.deep.equal([false, false])
    })
  })

  test(titled('have the same through the public peer, over its HTTP, where no UDP gets out'), async () => {
    await natted('blocked', 'cone', async (mesh) => {
      await mesh.append()
      print(`blocked/cone: the same after ${await mesh.untilSame()} ms`)
      expect([await mesh.isShaken(a, pub), await mesh.isShaken(a, b)]).to.deep.equal([false, false])
    })
  })

  test(titled('hear each other again after a router forgot them and took another port, and lose nothing of what they wrote meanwhile'), async () => {
    await natted('cone', 'cone', async (mesh) => {
      await mesh.untilDirect()
      print(`rebinding: direct again after ${await mesh.writingDuring(() => rebind(mesh))} ms`)
      await mesh.untilSame()
    })
  })
})

/** Resolves to how many milliseconds it took until both hear each other in the tunnel again, a at its new port. */
async function rebind (mesh: NatMesh): Promise<number> {
  mesh.lab.setNat('ra', 'cone:40002')
  mesh.lab.forget('ra')
  const began = performance.now()
  const received = (await mesh.tunnel(a, b))?.received ?? Infinity
  await mesh.until(async () => {
    const [there, here] = [await mesh.tunnel(b, a), await mesh.tunnel(a, b)]
    return there?.endpoint === `${mesh.lab.publicAddress(a)}:40002` && (here?.received ?? 0) > received
  }, againWithinMs, 'b sends to the new port of a, and a hears it')
  return Math.round(performance.now() - began)
}

/** What a node's device says of its tunnel to another. */
interface Tunnel {
  readonly endpoint: string
  /** Whether there was a handshake. */
  readonly isShaken: boolean
  /** Bytes. */
  readonly received: number
}

/** A public node and two behind NATs, all running. Dispose it, which ends them at once. */
class NatMesh implements AsyncDisposable {
  readonly lab: NatLab
  readonly #folder: TemporaryFolder
  readonly #nodes: LiveNode[] = []
  readonly #keys: WgKey[] = []
  readonly #acknowledged: string[] = []
  #startedAt = 0

  constructor (lab: NatLab, folder: TemporaryFolder) {
    this.lab = lab
    this.#folder = folder
  }

  /** Resolves when all run. */
  async start (): Promise<void> {
    for (const host of [pub, a, b]) {
      const node = await LiveNode.make(this.lab, host, this.#folder.path)
      this.#nodes.push(node)
      this.#keys.push((await ensureTunnelKey(tunnelKeyPath(node.home))).key.publicKey)
    }
    await Promise.all(this.#nodes.map((_, host) => this.#configure(host)))
    await this.#node(pub).start()
    await Promise.all([a, b].map((host) => this.#node(host).start()))
    this.#startedAt = performance.now()
  }

  /** What the devices and the nodes say, for people. */
  async report (): Promise<string> {
    const pairs = [[pub, a], [pub, b], [a, pub], [a, b], [b, pub], [b, a]] as const
    const tunnels = await Promise.all(pairs.map(async ([from, to]) => `tunnel of ${from} to ${to}: ${JSON.stringify(await this.tunnel(from, to).catch(String)) ?? 'none'}`))
    return [...tunnels, ...this.#nodes.map(({ name, log }) => `${name} logged:\n${log}`)].join('\n')
  }

  /** An entry each of a and b. */
  async append (): Promise<void> {
    this.#acknowledged.push(...await Promise.all([a, b].map((host) => this.#node(host).append(journal, { from: host }))))
  }

  /** Both write all the while, and for a moment before. */
  async writingDuring<Result> (act: () => Promise<Result>): Promise<Result> {
    const over = new AbortController()
    const write = async () => { while (!over.signal.aborted) await Promise.all([this.append(), setTimeout(pollMs)]) }
    const acting = async () => await setTimeout(500).then(act).finally(() => over.abort())
    return (await Promise.all([acting(), write()]))[0]
  }

  /** Resolves to how many milliseconds after both ran they have the same: all that was acknowledged. */
  async untilSame (): Promise<number> {
    const all = JSON.stringify(this.#acknowledged.toSorted())
    return await this.until(async () => {
      const views = await Promise.all([a, b].map(async (host) => (await this.#node(host).entries(journal)).map(({ id }) => id)))
      return String(views[0]) === String(views[1]) && JSON.stringify(views[0]?.toSorted()) === all
    }, sameWithinMs, `both have these ${this.#acknowledged.length} entries in one order`)
  }

  /** Resolves to how many milliseconds after both ran each has a tunnel to the other's router. */
  async untilDirect (): Promise<number> {
    const isTo = async (from: number, to: number) => {
      const tunnel = await this.tunnel(from, to)
      return tunnel?.isShaken === true && tunnel.endpoint === `${this.lab.publicAddress(to)}:${port}`
    }
    return await this.until(async () => await isTo(a, b) && await isTo(b, a), directWithinMs, 'each has a tunnel to the other\'s router')
  }

  async isShaken (from: number, to: number): Promise<boolean> {
    return (await this.tunnel(from, to))?.isShaken === true
  }

  /** Whether a node's link to another works, and was met in its tunnel last. */
  async isInTunnel (from: number, to: number): Promise<boolean> {
    const peer = (await this.#node(from).status()).peers.find(({ did }) => did === this.#node(to).did)
    return peer?.link?.state === 'up' && peer.addresses[0]?.host === tunnelAddress(this.#key(to))
  }

  /** Nothing when there is none. */
  async tunnel (from: number, to: number): Promise<Tunnel | undefined> {
    const { stdout } = await promisify(execFile)('ip', this.lab.command(from, 'wg', 'show', this.lab.device(from), 'dump'))
    const [, , endpoint = '', , shaken, received] = stdout.split('\n').find((line) => line.startsWith(this.#key(to)))?.split('\t') ?? []
    return shaken === undefined ? undefined : { endpoint, isShaken: shaken !== '0', received: Number(received) }
  }

  /** Resolves to how many milliseconds after both ran it holds. Rejects when it does not in time. */
  async until (holds: () => Promise<boolean>, withinMs: number, what: string): Promise<number> {
    const deadline = performance.now() + withinMs
    while (!await holds()) {
      if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
      await setTimeout(pollMs)
    }
    return Math.round(performance.now() - this.#startedAt)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node[Symbol.asyncDispose]()))
  }

  /** All listen at every address; where the public node is, with which key, is known to the others, and nothing else but who they are. */
  async #configure (host: number): Promise<void> {
    const { home, name } = this.#node(host)
    const peers = this.#nodes.filter((other) => other !== this.#node(host)).flatMap((other) => [
      '[[mesh.peers]]', `name = "${other.name}"`, `node_did = "${other.did}"`,
      ...other === this.#node(pub) ? [`endpoint = "${other.address}:${port}"`, `wireguard_public_key = "${this.#key(pub)}"`] : []
    ])
    await writeFile(join(home, 'runtime.toml'), [
      '[node]', `name = "${name}"`, '[dashboard]', 'bind = "0.0.0.0"', '[telemetry]', 'log_level = "debug"', ...peers,
      '[[plugins]]', 'package = "@akshi/plugin-http"',
      '[[plugins]]', 'package = "@akshi/plugin-wireguard"', `config = { interface = "${this.lab.device(host)}", listen_port = ${port} }`, ''
    ].join('\n'))
  }

  #node (host: number): LiveNode {
    return this.#nodes[host] as LiveNode
  }

  #key (host: number): WgKey {
    return this.#keys[host] as WgKey
  }
}

/** Runs it in a mesh behind these NATs. Prints what the nodes say when it fails. */
async function natted (ra: Nat, rb: Nat, run: (mesh: NatMesh) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder()
  using lab = new NatLab({ ra, rb })
  await using mesh = new NatMesh(lab, folder)
  try {
    await mesh.start()
    await run(mesh)
  } catch (error) {
    console.log(await mesh.report())
    throw error
  }
}

function print (line: string): void {
  console.log(`      ${line}`)
}
