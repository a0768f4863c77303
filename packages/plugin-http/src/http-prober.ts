import {
  describeError, MeshError, openAnnouncement, type Address, type Did, type Prober, type SignedAnnouncement
} from '@akshi/core'
import type { Dialler } from './dialler.ts'
import { printAddress } from './address-race.ts'
import { PeerClient } from './peer-client.ts'

const maxResponseBytes = 65_536

export interface HttpProberOptions {
  readonly own: Did
  readonly meshId: string
  readonly dialler: Dialler
  readonly requestTimeoutMs: number
}

/** Proves nodes by dialling them: the handshake shows the key, `/.well-known/akshi-node` what the node says of itself. */
export class HttpProber implements Prober {
  readonly #options: HttpProberOptions

  constructor (options: HttpProberOptions) {
    this.#options = options
  }

  async prove (did: Did, address: Address, signal: AbortSignal): Promise<SignedAnnouncement> {
    const client = new PeerClient({ ...this.#options, peer: did, addresses: () => [address], maxResponseBytes })
    const abort = () => { client.close().catch(() => {}) }              // a request that still waits for its connection would wait for the dial
    signal.addEventListener('abort', abort, { once: true })
    try {
      const answer = await client.request({ method: 'GET', path: '/.well-known/akshi-node', accept: 'application/json' }, signal)
      return this.#open(did, address, answer)
    } finally {
      signal.removeEventListener('abort', abort)
      await client.close()
    }
  }

  #open (did: Did, address: Address, answer: Uint8Array): SignedAnnouncement {
    const signed = this.#read(address, answer)
    if (signed.announcement.did === did) return signed
    throw new MeshError('MESH_PEER_MISMATCH', `${printAddress(address)} shows the announcement of ${signed.announcement.did} as that of ${did}.`)
  }

  #read (address: Address, answer: Uint8Array): SignedAnnouncement {
    try {
      const { announcement } = JSON.parse(Buffer.from(answer).toString()) as { announcement?: unknown }
      return openAnnouncement(new Uint8Array(Buffer.from(String(announcement), 'base64')), this.#options.meshId)
    } catch (cause) {
      throw new MeshError('MESH_SEND_FAILED', `The announcement at ${printAddress(address)} is not valid in the mesh "${this.#options.meshId}": ${describeError(cause)}`, { cause })
    }
  }
}
