// hypercore over TCP: RocksDB on both sides without fsync, a signed Merkle tree, encrypted by Noise. Each append is awaited,
// as its documentation does. Visible means: the block and all before it have been fetched.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import Hypercore from 'hypercore'

export const title = 'hypercore over TCP'
export const awaitsAppends = true

export async function openWriter ({ folder }) {
  const cores = new Map()
  const servers = []
  return {
    async create (journal) {
      const core = new Hypercore(join(folder, journal), { valueEncoding: 'json' })
      await core.ready()
      cores.set(journal, core)
      const server = createServer((socket) => replicate(core, false, socket)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      servers.push(server)
      return { port: server.address().port, key: core.key.toString('hex') }
    },
    append: (journal, entries) => cores.get(journal).append(entries),
    state: (journal) => stateOf(cores.get(journal)),
    async close () {
      for (const core of cores.values()) await core.close()
      for (const server of servers) server.close()
    }
  }
}

export async function openReader ({ folder, onLength }) {
  const cores = new Map()
  return {
    async meet (journal, { key }) {
      const core = new Hypercore(join(folder, journal), Buffer.from(key, 'hex'), { valueEncoding: 'json' })
      await core.ready()
      cores.set(journal, core)
    },
    follow (journal, { port }) {
      const core = cores.get(journal)
      core.on('download', () => onLength(journal, core.contiguousLength))
      core.download({ start: 0, end: -1 })
      replicate(core, true, connect(port, '127.0.0.1'))
    },
    state: (journal) => stateOf(cores.get(journal)),
    async close () {
      for (const core of cores.values()) await core.close()
    }
  }
}

function replicate (core, isInitiator, socket) {
  const stream = core.replicate(isInitiator)
  socket.setNoDelay(true)
  socket.on('error', () => {})
  stream.on('error', () => socket.destroy())
  socket.pipe(stream).pipe(socket)
}

async function stateOf (core) {
  return { length: core.contiguousLength, digest: (await core.treeHash()).toString('hex') }
}
