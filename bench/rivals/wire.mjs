// Counts the bytes that cross TCP in this process, both ways, below TLS. Import it before anything opens a socket.
import { subscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

const sockets = new Set()
let closed = 0
const { connect } = Socket.prototype

Socket.prototype.connect = function (...options) {
  note(this)
  return connect.apply(this, options)
}
subscribe('net.server.socket', ({ socket }) => note(socket))

/** Bytes read and written so far. */
export function bytesOnTheWire () {
  return [...sockets].reduce((sum, socket) => sum + bytesOf(socket), closed)
}

function note (socket) {
  sockets.add(socket)
  socket.once('close', () => {
    sockets.delete(socket)
    closed += socket.bytesRead + socket.bytesWritten
  })
}

/** A TLS socket counts plain bytes; the TCP handle that it wraps counts what was sent. */
function bytesOf (socket) {
  const { bytesRead, bytesWritten } = socket._handle?._parent ?? socket
  return bytesRead + bytesWritten
}
