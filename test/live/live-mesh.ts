import { setTimeout } from 'node:timers/promises'
import { expect } from 'chai'
import type { MeshEvent } from '@akshi/core'
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { LiveNode } from './live-node.ts'
import { SwitchedLan } from './switched-lan.ts'

const journal = 'notes'
const writeEveryMs = 200
const pollMs = 20
const startMs = 30_000

/** Nodes on a LAN that trust each other and know where the others are, with an agent on each that writes while it is told to. */
export class LiveMesh implements AsyncDisposable {
  readonly lan: SwitchedLan
  readonly nodes: readonly LiveNode[]
  readonly #folder: TemporaryFolder
  readonly #acknowledged: string[] = []
  /** The links of each node that work, as it said. */
  readonly #working: Set<string>[] = []
  /** What each node's journal was like at last. */
  readonly #views: { entries: number, heads: string }[] = []
  #writers: Promise<void>[] = []
  #isWriting = false
  #written = 0

  private constructor (lan: SwitchedLan, nodes: readonly LiveNode[], folder: TemporaryFolder) {
    this.lan = lan
    this.nodes = nodes
    this.#folder = folder
  }

  /** Resolves when all run and each has a working link to each. */
  static async make (size: number): Promise<LiveMesh> {
    const folder = await temporaryFolder()
    const lan = new SwitchedLan(size)
    const made = await Promise.allSettled(Array.from({ length: size }, (_, host) => LiveNode.make(lan, host, folder.path)))
    const mesh = new LiveMesh(lan, made.flatMap((each) => each.status === 'fulfilled' ? [each.value] : []), folder)
    try {
      for (const each of made) if (each.status === 'rejected') throw each.reason
      await mesh.#begin()
      return mesh
    } catch (error) {
      await mesh[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Whether a node says that its link to another works. */
  isLinked (from: number, to: number): boolean {
    return this.#working[from]?.has(this.nodes[to]?.did ?? '') === true
  }

  write (): void {
    this.#isWriting = true
    this.#writers = this.nodes.map((node) => this.#writeAt(node))
  }

  /** Resolves when nothing is on its way any more. */
  async rest (): Promise<void> {
    this.#isWriting = false
    await Promise.all(this.#writers)
  }

  /** Ends a node at once, and starts it again. */
  async crash (host: number): Promise<void> {
    const node = this.nodes[host]
    await node?.kill()
    await this.#start(host)
  }

  /** Resolves when all have as many entries as were acknowledged, or more, and the same heads. */
  async agree (deadlineMs: number): Promise<void> {
    const isSame = () => new Set(this.#views.map(({ heads }) => heads)).size === 1 && this.#views.every(({ entries }) => entries >= this.#acknowledged.length)
    await this.until(isSame, deadlineMs, () => `the same everywhere: ${this.#views.map(({ entries }) => entries).join()} of ${this.#acknowledged.length} entries`)
  }

  /** Resolves when `holds` says yes to what was heard of the nodes. */
  async until (holds: () => boolean, deadlineMs: number, what: () => string): Promise<void> {
    const deadline = performance.now() + deadlineMs
    while (!holds()) {
      if (performance.now() > deadline) throw this.#withLogs(`not in ${deadlineMs} ms: ${what()}`)
      await setTimeout(pollMs)
    }
  }

  /** All that was acknowledged is everywhere, nothing is anywhere twice, and all have it in the same order. */
  async check (): Promise<void> {
    const [first = [], ...others] = await Promise.all(this.nodes.map((node) => node.entries(journal)))
    for (const other of others) expect(other).to.deep.equal(first)
    expect(new Set(first.map(({ id }) => id))).to.include.keys(this.#acknowledged)
    expect(new Set(first.map(({ body }) => body)).size).to.equal(first.length)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#isWriting = false
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()))
    await Promise.all(this.#writers)
    this.lan[Symbol.dispose]()
    await this.#folder[Symbol.asyncDispose]()
  }

  async #begin (): Promise<void> {
    for (const node of this.nodes) await node.meet(this.nodes)
    await Promise.all(this.nodes.map((_, host) => this.#start(host)))
    await this.until(() => this.#working.every(({ size }) => size === this.nodes.length - 1), startMs, () => 'all linked')
  }

  async #start (host: number): Promise<void> {
    const node = this.nodes[host]
    this.#working[host] = new Set()
    await node?.start()
    await node?.watch((event) => this.#note(host, event))
    const { peers = [] } = await node?.status() ?? {}
    for (const { did, link } of peers) if (link?.state === 'up') this.#working[host]?.add(did)
  }

  #note (host: number, event: MeshEvent): void {
    if (event.type === 'journal') this.#views[host] = { entries: event.data.entries, heads: event.data.heads.join() }
    if (event.type === 'link') this.#working[host]?.[event.data.state === 'up' ? 'add' : 'delete'](event.data.to)
  }

  /** What a node that is killed did not acknowledge is not written again. */
  async #writeAt (node: LiveNode): Promise<void> {
    while (this.#isWriting) {
      await node.append(journal, `${node.name} ${this.#written++}`).then((id) => this.#acknowledged.push(id), () => {})
      await setTimeout(writeEveryMs)
    }
  }

  #withLogs (message: string): Error {
    return new Error([message, ...this.nodes.map(({ name, log }) => `--- ${name}\n${log.trimEnd().split('\n').slice(-8).join('\n')}`)].join('\n'))
  }
}
