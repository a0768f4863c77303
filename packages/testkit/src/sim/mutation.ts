import type { Disk, DiskFile, EnvelopeReceiver, Link, LinkTarget, Plugin, Transport } from '@akshi/core'

/** Ways to break the first node on purpose, to see that the simulator finds it. */
export const mutations = ['withhold', 'lying sync'] as const
export type Mutation = typeof mutations[number]

/** `withhold`: some envelopes never leave the node, which says that they did. */
export function withholding (plugin: Plugin): Plugin {
  return {
    ...plugin,
    setup (cradle) {
      const { transport, ...parts } = plugin.setup(cradle)
      return transport === undefined ? parts : { ...parts, transport: new WithholdingTransport(transport) }
    }
  }
}

/** `lying sync`: what was synced is gone after a power cut all the same. */
export function lyingDisk (disk: Disk): Disk {
  return {
    makeFolder: (path) => disk.makeFolder(path),
    list: (path) => disk.list(path),
    open: async (path) => lyingFile(await disk.open(path)),
    openExisting: (path) => disk.openExisting(path),
    replace: (path, parts) => disk.replace(path, parts),
    remove: (path) => disk.remove(path),
    rename: (from, to) => disk.rename(from, to)
  }
}

function lyingFile (file: DiskFile): DiskFile {
  return {
    get size () { return file.size },
    read: (offset, length) => file.read(offset, length),
    write: (parts, offset) => file.write(parts, offset),
    truncate: (size) => file.truncate(size),
    sync: async () => {},
    close: () => file.close()
  }
}

function isWithheld (bytes: Uint8Array): boolean {
  return (bytes.at(-1) ?? 0) % 4 === 0
}

class WithholdingTransport implements Transport {
  readonly #inner: Transport

  constructor (inner: Transport) {
    this.#inner = inner
  }

  get reach () { return this.#inner.reach }

  start (receiver: EnvelopeReceiver, signal: AbortSignal): Promise<void> {
    return this.#inner.start({
      admits: (did) => receiver.admits(did),
      receive: (batch, from) => receiver.receive(batch, from),
      digest: (theirs, from) => receiver.digest(theirs, from),
      hint: (from) => receiver.hint(from),
      async * serve (want, options, from) {
        for await (const item of receiver.serve(want, options, from)) if (!isWithheld(item)) yield item
      }
    }, signal)
  }

  async connect (target: LinkTarget, signal: AbortSignal): Promise<Link> {
    const link = await this.#inner.connect(target, signal)
    return {
      digest: (mine, signal) => link.digest(mine, signal),
      pull: (want, options, signal) => link.pull(want, options, signal),
      close: () => link.close(),
      push: async (batch, signal) => {
        const sent = batch.filter((item) => !isWithheld(item))
        const { verdicts, have } = sent.length === 0 ? { verdicts: [], have: [] } : await link.push(sent, signal)
        return { verdicts: batch.map((item) => verdicts[sent.indexOf(item)] ?? { status: 'stored' }), have }
      }
    }
  }

  stop (): Promise<void> { return this.#inner.stop() }
}
