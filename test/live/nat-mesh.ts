import { setTimeout } from 'node:timers/promises'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { NatLab, a, b, pub } from './nat-lab.ts'
import type { Nat } from './nat-rules.ts'
import { TunnelledNode, wireguardPort } from './tunnelled-node.ts'
import { until } from './until.ts'

const writeEveryMs = 50
/** More than is promised, for machines that do other things too. */
const sameWithinMs = 10_000
const pathWithinMs = 40_000

/** Of both private nodes; a word that the capture looks for. */
export const journal = 'what-only-the-two-may-read'

/** The NATs, and how the mesh behind them is. */
export interface NatMeshOptions {
  readonly ra: Nat
  readonly rb: Nat
  /** The hosts of the two private nodes: behind a router each, if it is not said otherwise. */
  readonly hosts?: readonly [number, number]
  /** The share that gets lost of what the first of them sends, and of what is sent to it. */
  readonly loss?: number
  /** Whether no dashboard port is open to any network. All know the keys of all then, since nobody can be asked outside of a tunnel. */
  readonly isClosed?: boolean
}

/**
 * A public node and two private ones, all processes. What the private ones know is where the public one is, with which key, and of each
 * other only who they are. Dispose it, which ends them at once.
 */
export class NatMesh implements AsyncDisposable {
  readonly lab: NatLab
  readonly pub: TunnelledNode
  readonly one: TunnelledNode
  readonly two: TunnelledNode
  readonly #acknowledged: string[] = []
  #startedAt = 0

  private constructor (lab: NatLab, [pub, one, two]: readonly [TunnelledNode, TunnelledNode, TunnelledNode]) {
    this.lab = lab
    this.pub = pub
    this.one = one
    this.two = two
  }

  /** Nodes that do not run yet, with their folders in this one. */
  static async make (lab: NatLab, folder: string, { hosts = [a, b], isClosed = false }: NatMeshOptions): Promise<NatMesh> {
    const make = (host: number) => TunnelledNode.make(lab, host, folder)
    const mesh = new NatMesh(lab, await Promise.all([make(pub), make(hosts[0]), make(hosts[1])]))
    const { nodes: peers } = mesh
    for (const node of peers) await node.configure({ bind: isClosed ? '127.0.0.1' : '0.0.0.0', peers, places: [mesh.pub], keys: isClosed ? peers : [mesh.pub] })
    return mesh
  }

  get nodes (): readonly TunnelledNode[] { return [this.pub, this.one, this.two] }

  /** Resolves when all run. */
  async start (): Promise<void> {
    await this.pub.live.start()
    await this.startPair()
  }

  /** Resolves when both private ones run; times count from now on. */
  async startPair (): Promise<void> {
    await Promise.all([this.one.live.start(), this.two.live.start()])
    this.#startedAt = performance.now()
  }

  /** An entry of each of the private ones. */
  async append (): Promise<void> {
    this.#acknowledged.push(...await Promise.all([this.one, this.two].map(({ live }) => live.append(journal, { from: live.name }))))
  }

  /** Both write all the while, and for a moment before. */
  async writingDuring<Result> (act: () => Promise<Result>): Promise<Result> {
    const over = new AbortController()
    const write = async () => { while (!over.signal.aborted) await Promise.all([this.append(), setTimeout(writeEveryMs)]) }
    const acting = async () => await setTimeout(500).then(act).finally(() => over.abort())
    return (await Promise.all([acting(), write()]))[0]
  }

  /** Resolves to how many milliseconds after they ran both have the same: all that was acknowledged. */
  async untilSame (): Promise<number> {
    const all = JSON.stringify(this.#acknowledged.toSorted())
    await until(async () => {
      const views = await Promise.all([this.one, this.two].map(async ({ live }) => (await live.entries(journal)).map(({ id }) => id)))
      return String(views[0]) === String(views[1]) && JSON.stringify(views[0]?.toSorted()) === all
    }, sameWithinMs, `both have these ${this.#acknowledged.length} entries in one order`)
    return Math.round(performance.now() - this.#startedAt)
  }

  /** What each of the two is to say when its envelopes to the other take a tunnel that leads straight to it. */
  get directPaths (): readonly [string, string] {
    const path = (from: TunnelledNode, to: TunnelledNode) => `tunnel ${this.lab.seenFrom(from.host, to.host, wireguardPort)}`
    return [path(this.one, this.two), path(this.two, this.one)]
  }

  /** What each of the two says of the way to the other. */
  async paths (): Promise<readonly [string, string]> {
    return await Promise.all([this.one.pathTo(this.two), this.two.pathTo(this.one)])
  }

  /** Resolves to how many milliseconds after they ran there was a link between them in a tunnel that leads straight from one to the other. */
  async untilDirect (): Promise<number> {
    return await this.#untilPaths((paths) => paths.some((path, index) => path === this.directPaths[index]), 'a link in a tunnel straight to the other')
  }

  /** The same for a link of each: one says how it calls the other, and is called by it. */
  async untilBothDirect (): Promise<number> {
    return await this.#untilPaths((paths) => String(paths) === String(this.directPaths), `each says: ${this.directPaths.join('; ')}`)
  }

  /** Resolves to how many milliseconds after they ran each said that the public node carries its envelopes to the other, and why. */
  async untilVia (reasons: readonly [string, string]): Promise<number> {
    const wanted = reasons.map((reason) => `via ${this.pub.live.name}: ${reason}`)
    return await this.#untilPaths((paths) => String(paths) === String(wanted), `each says: ${wanted.join('; ')}`)
  }

  /** Which of the two have a tunnel to the other that works. */
  async shaken (): Promise<readonly boolean[]> {
    const tunnels = await Promise.all([this.one.tunnelTo(this.two), this.two.tunnelTo(this.one)])
    return tunnels.map((tunnel) => tunnel?.isShaken === true)
  }

  /** What the devices and the nodes say, for people. */
  async report (): Promise<string> {
    const paths = this.nodes.flatMap((from) => this.nodes.filter((to) => to !== from).map(async (to) => {
      return `${from.host} to ${to.host}: ${await from.pathTo(to).catch(String)}, tunnel ${JSON.stringify(await from.tunnelTo(to).catch(String)) ?? 'none'}`
    }))
    return [...await Promise.all(paths), ...this.nodes.map(({ live: { name, log } }) => `${name} logged:\n${log}`)].join('\n')
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()))
  }

  async #untilPaths (areThere: (paths: readonly [string, string]) => boolean, what: string): Promise<number> {
    await until(async () => areThere(await this.paths()), pathWithinMs, what)
    return Math.round(performance.now() - this.#startedAt)
  }
}

/** Runs it with such a mesh, before that is started. Prints what the nodes say when it fails. */
export async function natted<Result> (options: NatMeshOptions, run: (mesh: NatMesh) => Promise<Result>): Promise<Result> {
  await using folder = await temporaryFolder()
  using lab = new NatLab(options)
  await using mesh = await NatMesh.make(lab, folder.path, options)
  if (options.loss !== undefined) lab.lose(mesh.one.host, options.loss)
  try {
    return await run(mesh)
  } catch (error) {
    console.log(await mesh.report())
    throw error
  }
}
