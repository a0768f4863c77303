import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import packet from 'dns-packet'

/** A name server on a free port of loopback that says what it was told. It keeps no process alive. */
export class NameServer {
  #socket = createSocket('udp4')
  #records = []

  static async start () {
    const server = new NameServer()
    server.#socket.on('message', (message, { address, port }) => server.#answer(message, address, port))
    server.#socket.bind(0, '127.0.0.1')
    await once(server.#socket, 'listening')
    server.#socket.unref()
    return server
  }

  get address () {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  /** Says this from now on: a node at a name, with an SRV record for each address. */
  put (service, target, did, addresses) {
    this.#records = this.#records.filter(({ name, data }) => name !== target && data.target !== target)
    this.add(...addresses.map(({ port }) => ({ name: service, type: 'SRV', data: { priority: 0, weight: 0, port, target } })))
    if (addresses.length > 0) this.add({ name: target, type: 'TXT', data: [`did=${did}`] }, { name: target, type: addresses[0].host.includes(':') ? 'AAAA' : 'A', data: addresses[0].host })
  }

  add (...records) {
    this.#records.push(...records)
  }

  #answer (message, address, port) {
    const { id, questions } = packet.decode(message)
    const [{ name, type }] = questions
    const named = this.#records.filter((record) => record.name === name.toLowerCase())
    const answers = named.filter((record) => record.type === type).map((record) => ({ ...record, ttl: 0 }))
    const flags = packet.AUTHORITATIVE_ANSWER | (named.length === 0 ? 3 : 0)              // 3: no such name
    this.#socket.send(packet.encode({ type: 'response', id, flags, questions, answers }), port, address)
  }
}
