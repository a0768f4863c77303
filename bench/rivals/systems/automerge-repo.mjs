// automerge-repo as its documentation wires it: websocket network, files by nodefs on both sides, a server that shares what
// it is asked for. Files are not fsynced and nothing is signed. Visible means: in the reader's JavaScript document.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { Repo } from '@automerge/automerge-repo'
import { WebSocketClientAdapter, WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket'
import { NodeFSStorageAdapter } from '@automerge/automerge-repo-storage-nodefs'
import { WebSocketServer } from 'ws'

/** @param toItem what an entry is in the document's list */
export function automergeRepo (title, toItem) {
  return {
    title,
    async openWriter ({ folder }) {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const sockets = new WebSocketServer({ server })
      const network = [new WebSocketServerAdapter(sockets)]
      const repo = new Repo({ network, storage: new NodeFSStorageAdapter(folder), sharePolicy: async () => false })
      const handles = new Map()
      return {
        create (journal) {
          handles.set(journal, repo.create({ entries: [] }))
          return { port: server.address().port, url: handles.get(journal).url }
        },
        append (journal, entries) {
          handles.get(journal).change((doc) => { doc.entries.push(...entries.map(toItem)) })
        },
        settled: () => repo.flush(),
        state: (journal) => stateOf(handles.get(journal)),
        async close () {
          for (const socket of sockets.clients) socket.terminate()
          server.close()
          await repo.shutdown()
        }
      }
    },
    async openReader ({ folder, onLength }) {
      const repo = new Repo({ storage: new NodeFSStorageAdapter(folder) })
      const handles = new Map()
      return {
        async meet (_journal, { port }) {
          if (repo.peers.length > 0) return
          const peer = once(repo.networkSubsystem, 'peer')
          repo.networkSubsystem.addNetworkAdapter(new WebSocketClientAdapter(`ws://127.0.0.1:${port}`))
          await peer
        },
        async follow (journal, { url }) {
          const handle = await repo.find(url)
          handles.set(journal, handle)
          const tell = () => onLength(journal, handle.doc().entries.length)
          handle.on('change', tell)
          tell()
        },
        state: (journal) => stateOf(handles.get(journal)),
        close: () => repo.shutdown()
      }
    }
  }
}

function stateOf (handle) {
  return { length: handle.doc().entries.length, digest: handle.heads().toSorted().join() }
}
