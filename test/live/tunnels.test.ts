import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import { ensureTunnelKey, probeDevice, systemCommands, systemProbe, tunnelAddress, tunnelKeyPath, type WgKey } from '@akshi/plugin-wireguard'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { LiveNode } from './live-node.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { SwitchedLan } from './switched-lan.ts'

const journal = 'notes'
const { kind, reasons } = await probeDevice(systemProbe(systemCommands))
const why = reasonWithoutNamespaces() ?? (kind === 'none' ? reasons.join('; ') : undefined)
const test = why === undefined ? it : it.skip
const titled = (title: string) => why === undefined ? title : `${title} (skipped: ${why})`

/** Two nodes whose ports are closed to the network, each with what the other's operator told. Dispose it. */
class TunnelledPair implements AsyncDisposable {
  readonly nodes: readonly LiveNode[]
  readonly keys: readonly WgKey[]
  readonly #lan: SwitchedLan

  private constructor (lan: SwitchedLan, nodes: readonly LiveNode[], keys: readonly WgKey[]) {
    this.#lan = lan
    this.nodes = nodes
    this.keys = keys
  }

  static async make (folder: string): Promise<TunnelledPair> {
    const lan = new SwitchedLan(2)
    const nodes = await Promise.all([0, 1].map((host) => LiveNode.make(lan, host, folder)))
    const keys = await Promise.all(nodes.map(async ({ home }) => (await ensureTunnelKey(tunnelKeyPath(home))).key.publicKey))
    const pair = new TunnelledPair(lan, nodes, keys)
    for (const host of [0, 1]) await pair.#configure(host)
    return pair
  }

  node (host: number): LiveNode { return this.nodes[host] as LiveNode }

  /** What a host's own tools print. */
  on (host: number, ...argv: string[]): string {
    return execFileSync('ip', this.#lan.command(host, ...argv), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  interfaceOf (host: number): string { return `ak${process.pid}-${host}` }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const node of this.nodes) await node[Symbol.asyncDispose]()
    this.#lan[Symbol.dispose]()
    for (const host of [0, 1]) rmSync(`/var/run/wireguard/${this.interfaceOf(host)}.sock`, { force: true })     // the nodes were killed
  }

  async #configure (host: number): Promise<void> {
    const [node, other] = [this.node(host), this.node(1 - host)]
    await writeFile(join(node.home, 'runtime.toml'), [
      '[node]', `name = "${node.name}"`, '[dashboard]', 'bind = "127.0.0.1"',
      '[[mesh.peers]]', `name = "${other.name}"`, `node_did = "${other.did}"`, `endpoint = "${other.address}:51820"`, `wireguard_public_key = "${this.keys[1 - host]}"`,
      '[[plugins]]', 'package = "@akshi/plugin-http"', '[[plugins]]', 'package = "@akshi/plugin-wireguard"', `config = { interface = "${this.interfaceOf(host)}" }`, ''
    ].join('\n'))
  }
}

async function eventually<Result> (look: () => Promise<Result | undefined>, what: string): Promise<Result> {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; await setTimeout(20)) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(`not within 30 s: ${what}`)
}

describe('Two nodes whose ports are closed to the network', function () {
  this.timeout(120_000)

  test(titled('meet in a tunnel, by the keys and endpoints that their operators gave, come to the same there, and find it again after kill -9'), async () => {
    await using folder = await temporaryFolder()
    await using pair = await TunnelledPair.make(folder.path)
    const [one, two] = [pair.node(0), pair.node(1)]
    await Promise.all([one.start(), two.start()])
    await one.append(journal, 'over there')
    const bodies = async (node: LiveNode, count: number) => await eventually(async () => {
      const entries = await node.entries(journal)
      return entries.length >= count ? entries.map(({ body }) => body) : undefined
    }, `${count} entries`)
    expect(await bodies(two, 1)).to.deep.equal(['over there'])
    const { peers: [peer] } = await one.status()
    const inside = tunnelAddress(pair.keys[1] as WgKey)
    expect([peer?.link?.state, peer?.addresses[0]?.host, peer?.tunnel?.state, peer?.tunnel?.address, peer?.tunnel?.endpoint]).to.deep.equal(['up', inside, 'up', inside, `${two.address}:51820`])
    expect(pair.on(0, 'ss', '-tnlH')).to.not.include('10.78.').and.not.include('0.0.0.0:3210')

    await two.kill()
    await one.append(journal, 'while it was down')
    await two.start()
    expect((await bodies(two, 2)).length).to.equal(2)
  })

  test(titled('close the tunnel within two seconds to a peer that is not trusted any more'), async () => {
    await using folder = await temporaryFolder()
    await using pair = await TunnelledPair.make(folder.path)
    const [one, two] = [pair.node(0), pair.node(1)]
    await Promise.all([one.start(), two.start()])
    const peersOf = (host: number) => pair.on(host, 'wg', 'show', pair.interfaceOf(host), 'peers').trim()
    await eventually(async () => (await one.status()).peers[0]?.link?.state === 'up' || undefined, 'the link')
    expect(peersOf(0)).to.equal(pair.keys[1])
    await one.akshi('untrust', two.did)
    const withdrawnAt = performance.now()
    await eventually(async () => peersOf(0) === '' || undefined, 'no peer')
    expect(performance.now() - withdrawnAt).to.be.lessThan(2_000)
  })
})
