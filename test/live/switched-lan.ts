import { execFileSync } from 'node:child_process'
import { ip } from './network-lab.ts'

/** How a network is bad: a share of packets that is lost, and a time that each takes. */
export interface Weather {
  readonly loss: number
  readonly delayMs: number
}

// `ld random; jlt #N, drop; pass`, in the words of classic BPF: what the kernel has where it has no netem.
const lossy = (loss: number) => `4,32 0 0 4294963256,53 1 0 ${Math.round(loss * 2 ** 32)},6 0 0 2,6 0 0 4294967295`

/**
 * Hosts on one switch: each in a network namespace of its own, the switch in another. No interface of this machine is on it, so
 * nothing ever leaves.
 */
export class SwitchedLan implements Disposable {
  readonly size: number
  readonly #prefix: string
  readonly #made: string[] = []

  /** Makes it. Throws, with nothing left behind, when a step fails. */
  constructor (size: number, prefix = `akshi-${process.pid}`) {
    this.size = size
    this.#prefix = prefix
    try {
      this.#makeSwitch()
      for (let host = 0; host < size; host++) this.#plug(host)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  address (host: number): string {
    return `10.78.0.${host + 1}`
  }

  /** The words after `ip` that run a command on a host. It becomes the command, so that a signal reaches that itself. */
  command (host: number, ...argv: string[]): string[] {
    return ['netns', 'exec', this.#host(host), ...argv]
  }

  /** From now on what each host sends gets lost and takes time. Returns what of that this kernel cannot do. */
  turn ({ loss, delayMs }: Weather): string | undefined {
    for (let host = 0; host < this.size; host++) {
      try {
        tc('-n', this.#host(host), 'qdisc', 'replace', 'dev', 'eth0', 'root', 'netem', 'loss', `${loss * 100}%`, 'delay', `${delayMs}ms`)
      } catch {
        tc('-n', this.#switch, 'qdisc', 'replace', 'dev', `p${host}`, 'clsact')
        tc('-n', this.#switch, 'filter', 'replace', 'dev', `p${host}`, 'ingress', 'pref', '1', 'handle', '1', 'protocol', 'all', 'bpf', 'da', 'bytecode', lossy(loss))
        if (host === this.size - 1) return 'no delay: this kernel has no netem'
      }
    }
  }

  /** Puts these hosts on a switch of their own. */
  split (hosts: readonly number[]): void {
    this.#setPorts(hosts, 'master br1')
  }

  /** Pulls the cables of these hosts. */
  unplug (hosts: readonly number[]): void {
    this.#setPorts(hosts, 'down')
  }

  /** All hosts are on one switch again, with their cables in. */
  heal (): void {
    this.#setPorts(Array.from({ length: this.size }, (_, host) => host), 'master br0 up')
  }

  [Symbol.dispose] (): void {
    for (const name of this.#made) ip('netns', 'del', name)
  }

  /** All in one call, so at one moment as near as can be. */
  #setPorts (hosts: readonly number[], state: string): void {
    const input = hosts.map((host) => `link set p${host} ${state}\n`).join('')
    execFileSync('ip', ['-n', this.#switch, '-batch', '-'], { input, stdio: ['pipe', 'ignore', 'pipe'] })
  }

  get #switch (): string { return `${this.#prefix}-switch` }

  #host (host: number): string {
    return `${this.#prefix}-${host}`
  }

  #makeSwitch (): void {
    this.#makeSpace(this.#switch)
    for (const bridge of ['br0', 'br1']) {
      ip('-n', this.#switch, 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0')
      ip('-n', this.#switch, 'link', 'set', bridge, 'up')
    }
  }

  #plug (host: number): void {
    const name = this.#host(host)
    this.#makeSpace(name)
    ip('-n', this.#switch, 'link', 'add', `p${host}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    ip('-n', this.#switch, 'link', 'set', `p${host}`, 'master', 'br0', 'up')
    ip('-n', name, 'address', 'add', `${this.address(host)}/24`, 'dev', 'eth0')
    for (const device of ['lo', 'eth0']) ip('-n', name, 'link', 'set', device, 'up')
  }

  #makeSpace (name: string): void {
    ip('netns', 'add', name)
    this.#made.push(name)
  }
}

function tc (...words: string[]): void {
  execFileSync('tc', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}
