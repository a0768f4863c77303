import type { Laboratory } from './live-node.ts'
import { ip } from './network-lab.ts'

let made = 0

/** The host 1 on two networks, by a cable each: its eth0 to the host 0, its eth1 to the host 2. No interface of this machine is among them. */
export class TwoLans implements Laboratory, Disposable {
  readonly #id = `akl${process.pid}-${made++}`
  readonly #made: string[] = []

  /** Makes it. Throws, with nothing left behind, when a step fails. */
  constructor () {
    try {
      for (const host of [0, 1, 2]) this.#makeHost(host)
      this.#connect(0, 'eth0', '10.81.0')
      this.#connect(2, 'eth1', '10.82.0')
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** Of the host 1 it is that on the first network. */
  readonly address = (host: number): string => ['10.81.0.1', '10.81.0.2', '10.82.0.1'][host] ?? ''

  readonly command = (host: number, ...argv: string[]): string[] => ['netns', 'exec', this.#name(host), ...argv]

  /** `ip` with these words, on a host. */
  ip (host: number, ...words: string[]): void {
    ip('-n', this.#name(host), ...words)
  }

  [Symbol.dispose] (): void {
    for (const name of this.#made) ip('netns', 'del', name)
  }

  #name (host: number): string {
    return `${this.#id}-${host}`
  }

  #makeHost (host: number): void {
    ip('netns', 'add', this.#name(host))
    this.#made.push(this.#name(host))
    this.ip(host, 'link', 'set', 'lo', 'up')
  }

  #connect (host: number, device: string, network: string): void {
    this.ip(host, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', device, 'netns', this.#name(1))
    this.ip(host, 'address', 'add', `${network}.1/24`, 'dev', 'eth0')
    this.ip(1, 'address', 'add', `${network}.2/24`, 'dev', device)
    this.ip(host, 'link', 'set', 'eth0', 'up')
    this.ip(1, 'link', 'set', device, 'up')
  }
}
