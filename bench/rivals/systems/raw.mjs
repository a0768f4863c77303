// What Automerge itself allows: its handle and framed TCP, with no HTTP, signature, check or disk. One document in lists of
// 256 strings; a reader that connects gets the saved document, kept ready, and then the raw changes.
// A frame: length of the rest (4 bytes), number of entries after it (4 bytes), Automerge bytes.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import * as Automerge from '@automerge/automerge'

export const title = 'raw Automerge over TCP'
const maxListEntries = 256
const maxPendingPatches = 1_000

export async function openWriter () {
  const journals = new Map()
  return {
    async create (journal) {
      const log = { handle: Automerge.getBackend(Automerge.init()), list: '', length: 0, readers: new Set(), saved: undefined, server: createServer((socket) => serve(log, socket)) }
      journals.set(journal, log)
      log.server.listen(0, '127.0.0.1')
      await once(log.server, 'listening')
      return { port: log.server.address().port }
    },
    append (journal, entries) {
      const log = journals.get(journal)
      for (const entry of entries) insert(log, JSON.stringify(entry))
      log.handle.commit()
      if (log.length % maxPendingPatches < entries.length) log.handle.updateDiffCursor()
      log.saved = undefined
      const frame = frameOf(log.length, log.handle.getLastLocalChange())
      for (const reader of log.readers) reader.write(frame)
    },
    settled (journal) {
      const log = journals.get(journal)
      log.saved ??= frameOf(log.length, log.handle.save())
    },
    state: (journal) => ({ length: journals.get(journal).length, digest: journals.get(journal).handle.getHeads().join() }),
    close () {
      for (const { server, readers } of journals.values()) {
        for (const reader of readers) reader.destroy()
        server.close()
      }
    }
  }
}

export async function openReader ({ onLength }) {
  const journals = new Map()
  return {
    meet () {},
    follow (journal, { port }) {
      const log = { handle: Automerge.getBackend(Automerge.init()), length: 0, socket: connect(port, '127.0.0.1').setNoDelay(true) }
      journals.set(journal, log)
      let rest = Buffer.alloc(0)
      log.socket.on('data', (chunk) => {
        rest = take(log, Buffer.concat([rest, chunk]))
        onLength(journal, log.length)
      })
    },
    state: (journal) => ({ length: journals.get(journal).length, digest: journals.get(journal).handle.getHeads().join() }),
    close () {
      for (const { socket } of journals.values()) socket.destroy()
    }
  }
}

function insert (log, text) {
  const index = log.length % maxListEntries
  if (index === 0) log.list = log.handle.putObject('_root', String(log.length / maxListEntries).padStart(6, '0'), [])
  log.handle.insert(log.list, index, text, 'str')
  log.length++
}

function serve (log, socket) {
  socket.setNoDelay(true)
  socket.on('error', () => {}).on('close', () => log.readers.delete(socket))
  log.readers.add(socket)
  socket.write(log.saved ?? frameOf(log.length, log.handle.save()))
}

function frameOf (length, bytes) {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(4 + bytes.length, 0)
  head.writeUInt32BE(length, 4)
  return Buffer.concat([head, bytes])
}

/** Applies the whole frames of `bytes` in one call; returns what is left. */
function take (log, bytes) {
  const loads = []
  while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
    const end = 4 + bytes.readUInt32BE(0)
    log.length = bytes.readUInt32BE(4)
    loads.push(bytes.subarray(8, end))
    bytes = bytes.subarray(end)
  }
  if (loads.length > 0) log.handle.loadIncremental(Buffer.concat(loads))
  return bytes
}
