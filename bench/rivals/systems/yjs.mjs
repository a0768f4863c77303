// yjs with y-websocket: the writer is the server and writes into the document it serves. Nothing is stored or signed.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { docs, getYDoc, setupWSConnection } from '@y/websocket-server/utils'
import { WebSocket, WebSocketServer } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

export const title = 'yjs + y-websocket, in memory'

export async function openWriter () {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', setupWSConnection)
  await once(server, 'listening')
  return {
    create (journal) {
      getYDoc(journal)
      return { port: server.address().port }
    },
    append: (journal, entries) => listOf(docs.get(journal)).push(entries),
    state: (journal) => stateOf(docs.get(journal)),
    async close () {
      for (const socket of server.clients) socket.terminate()
      server.close()
    }
  }
}

export async function openReader ({ onLength }) {
  const providers = new Map()
  return {
    meet () {},
    follow (journal, { port }) {
      const doc = new Y.Doc()
      doc.on('update', () => onLength(journal, listOf(doc).length))
      providers.set(journal, new WebsocketProvider(`ws://127.0.0.1:${port}`, journal, doc, { WebSocketPolyfill: WebSocket, disableBc: true }))
    },
    state: (journal) => stateOf(providers.get(journal).doc),
    close () {
      for (const provider of providers.values()) provider.destroy()
    }
  }
}

function listOf (doc) {
  return doc.getArray('entries')
}

function stateOf (doc) {
  const list = listOf(doc)
  return { length: list.length, digest: createHash('sha256').update(JSON.stringify(list.toArray())).digest('hex') }
}
