import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http'
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { describeError, MeshError, type Identity } from '@akshi/core'
import { serverTlsOptions } from './secure-context.ts'

const tlsRecord = 0x16                                    // ContentType handshake (RFC 8446, section 5.1)
const maxHelloTimeoutMs = 10_000
const idleTimeoutMs = 75_000
const unreadTimeoutMs = 60_000

export interface PortOptions {
  readonly identity: Identity
  readonly bind: string
  /** Further hosts to listen on, at the same port. */
  readonly also: readonly string[]
  /** 0 takes any free one. */
  readonly port: number
  readonly maxConnections: number
  /** How long a request may take to arrive; a connection on which nothing moves for a minute longer is cut. */
  readonly requestTimeoutMs: number
  /** Whether plain HTTP is spoken on a connection between these addresses. If not, it is closed without a word. */
  readonly servesPlain: (remoteAddress: string, localAddress: string) => boolean
  readonly listener: RequestListener
}

/**
 * The node's one port. A connection that opens with a TLS record gets mutual TLS 1.3, any other plain HTTP where that is
 * allowed; both end at one listener, whose `request.socket` tells them apart. First bytes, handshakes, headers, bodies
 * and unread answers all have their time.
 */
export class MeshPort {
  readonly #options: PortOptions
  /** For the first byte, the handshake and the headers, each. */
  readonly #helloTimeoutMs: number
  readonly #sockets = new Set<Socket>()
  readonly #servers: readonly Server[]
  readonly #tls: TlsServer
  readonly #http: HttpServer

  constructor (options: PortOptions) {
    const { identity, listener, also, maxConnections, requestTimeoutMs } = options
    this.#options = options
    this.#helloTimeoutMs = Math.min(maxHelloTimeoutMs, requestTimeoutMs)
    this.#servers = ['', ...also].map(() => createNetServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket)))
    for (const server of this.#servers) server.maxConnections = maxConnections
    this.#tls = createTlsServer(serverTlsOptions(identity, this.#helloTimeoutMs), (socket) => this.#http.emit('connection', socket))
    this.#tls.on('tlsClientError', (_error, socket) => socket.destroy())     // node:tls leaves one that took too long open
    this.#http = createHttpServer({
      headersTimeout: this.#helloTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, requestTimeoutMs)
    }, listener)
    this.#http.timeout = requestTimeoutMs + unreadTimeoutMs
  }

  /**
   * Resolves to the port number once connections are taken.
   *
   * @throws MeshError `MESH_PORT_IN_USE`, or `MESH_CONFIG_INVALID` when this machine cannot listen there.
   */
  async listen (): Promise<number> {
    const { bind, also } = this.#options
    let { port } = this.#options
    for (const [index, host] of [bind, ...also].entries()) port = await this.#listenOn(this.#servers[index] as Server, host, port)
    // node:http enforces its time limits from this event on, which only a server that listens by itself would get.
    this.#http.emit('listening')
    return port
  }

  /** Closes the port and cuts every connection, whatever it is doing. Safe before `listen`. */
  async close (): Promise<void> {
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    for (const socket of this.#sockets) socket.destroy()
    this.#http.close()
    await Promise.all(closed)
  }

  async #listenOn (server: Server, host: string, port: number): Promise<number> {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host }, () => resolve())
      })
    } catch (cause) {
      throw listenError(host, port, cause)
    }
    return (server.address() as AddressInfo).port
  }

  #accept (socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const expire = () => socket.destroy()
    socket.setTimeout(this.#helloTimeoutMs, expire)
    socket.once('data', (first: Buffer) => {
      socket.setTimeout(0)
      socket.off('timeout', expire)
      socket.pause()
      socket.unshift(first)
      this.#handOver(socket, first[0] === tlsRecord)
    })
  }

  #handOver (socket: Socket, secure: boolean): void {
    const { servesPlain } = this.#options
    if (secure) {
      this.#tls.emit('connection', socket)              // takes what was read from the paused socket
    } else if (servesPlain(socket.remoteAddress ?? '', socket.localAddress ?? '')) {
      this.#http.emit('connection', socket)
      socket.resume()
    } else {
      socket.destroy()
    }
  }
}

function listenError (bind: string, port: number, cause: unknown): MeshError {
  if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    return new MeshError('MESH_PORT_IN_USE', `Port ${port} on ${bind} is in use. Stop what uses it (is this node running already?), or set another dashboard.port.`, { cause })
  }
  return new MeshError('MESH_CONFIG_INVALID', `Cannot listen on ${bind} port ${port}: ${describeError(cause)}. Check dashboard.bind and dashboard.port.`, { cause })
}
