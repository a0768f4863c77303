import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { lossRules, natRules, seenPort, type Nat } from './nat-rules.ts'
import { ip, reasonWithoutNamespaces } from './network-lab.ts'

export type Router = 'ra' | 'rb'

/** In the order of their numbers. */
const hosts = ['pub', 'a', 'b', 'c'] as const
export const [pub, a, b, c] = [0, 1, 2, 3] as const
/** A host by its number, or a router. */
export type Place = number | Router
const behind = { a: 'ra', b: 'rb', c: 'ra' } as const
const lans = { ra: '192.168.1', rb: '192.168.2' } as const
const publicAddresses = { pub: '203.0.113.1', ra: '203.0.113.11', rb: '203.0.113.12' } as const
const addresses = { pub: publicAddresses.pub, a: `${lans.ra}.2`, b: `${lans.rb}.2`, c: `${lans.ra}.3` } as const
let made = 0

/**
 * A small internet: the public host 0 (`pub`), and two homes behind a router each, with the hosts 1 (`a`) and 3 (`c`) behind
 * `ra` and 2 (`b`) behind `rb`. All are network namespaces; no interface of this machine is among them, so nothing ever leaves.
 */
export class NatLab implements Disposable {
  readonly #id = `${process.pid.toString(36)}${(made++).toString(36)}`
  readonly #nats = new Map<Router, Nat>()
  readonly #made: string[] = []

  /** Makes it, with these NATs. Throws, with nothing left behind, when a step fails. */
  constructor ({ ra, rb }: { readonly ra: Nat, readonly rb: Nat }) {
    try {
      this.#makeSwitch('wan')
      this.#makeRouter('ra', ra)
      this.#makeRouter('rb', rb)
      for (const host of hosts) this.#makeHost(host)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** Why it, or a tunnel in it, cannot be made here; nothing when they can. */
  static missing (): string | undefined {
    const reason = reasonWithoutNamespaces()
    if (reason !== undefined) return reason
    for (const [program, name] of [['nft', 'nftables'], ['wireguard-go', 'wireguard-go'], ['wg', 'wireguard-tools']] as const) {
      if (!isInstalled(program)) return `${program} is not installed: apt install ${name}`
    }
    return existsSync('/dev/net/tun') ? undefined : '/dev/net/tun is missing'
  }

  address (host: number): string {
    return addresses[this.#name(host)]
  }

  /** Where a host sees a UDP socket of another; nothing where nobody can say that before. */
  seenFrom (host: number, other: number, port: number): string | undefined {
    const [from, to] = [this.#name(host), this.#name(other)]
    const at = this.#switchOf(to)
    if (at === 'wan' || at === this.#switchOf(from)) return `${addresses[to]}:${port}`
    const seen = seenPort(this.#nats.get(at), port)
    return seen === undefined ? undefined : `${publicAddresses[at]}:${seen}`
  }

  /** The words after `ip` that run a command there. It becomes the command, so that a signal reaches that itself. */
  command (place: Place, ...argv: string[]): string[] {
    return ['netns', 'exec', this.#space(typeof place === 'number' ? this.#name(place) : place), ...argv]
  }

  /** The names of the network devices of a host. */
  devices (host: number): readonly string[] {
    return this.#run(this.#name(host), ['ls', '/sys/class/net']).trim().split('\n')
  }

  /** What flows already keeps its ways; `forget` ends that. */
  setNat (router: Router, nat: Nat): void {
    this.#nats.set(router, nat)
    this.#run(router, ['nft', '-f', '-'], natRules(nat))
  }

  /** From now on this share of what a host sends gets lost, and as much of what is sent to it. */
  lose (host: number, share: number): void {
    const name = this.#name(host)
    this.#run(name, ['nft', '-f', '-'], lossRules('eth0', share))
    this.#run(this.#switchOf(name), ['nft', '-f', '-'], lossRules(`to-${name}`, share))
  }

  /** A router forgets whom it let out as what, as one that was restarted does. */
  forget (router: Router): void {
    ip('-n', this.#space(router), 'link', 'set', 'wan', 'down')        // masquerading forgets with the interface, in the background
    const began = performance.now()
    while (/src=192\.168\./.test(this.#run(router, ['cat', '/proc/net/nf_conntrack']))) {
      if (performance.now() - began > 2_000) throw new Error(`${router} does not forget`)
    }
    ip('-n', this.#space(router), 'link', 'set', 'wan', 'up')
  }

  /** Ends what still runs in it. */
  [Symbol.dispose] (): void {
    for (const space of this.#made) {
      for (const pid of run('ip', ['netns', 'pids', space]).split('\n').filter((line) => line !== '')) end(Number(pid))
      ip('netns', 'del', space)
    }
  }

  #makeHost (host: typeof hosts[number]): void {
    this.#makeSpace(host)
    this.#plug(host, 'eth0', this.#switchOf(host), `${addresses[host]}/24`)
    if (host !== 'pub') ip('-n', this.#space(host), 'route', 'add', 'default', 'via', `${lans[behind[host]]}.1`)
  }

  /** Its home's switch is in it. */
  #makeRouter (router: Router, nat: Nat): void {
    this.#makeSwitch(router)
    this.#plug(router, 'wan', 'wan', `${publicAddresses[router]}/24`)
    ip('-n', this.#space(router), 'address', 'add', `${lans[router]}.1/24`, 'dev', 'br0')
    this.#run(router, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
    this.setNat(router, nat)
  }

  #makeSwitch (name: string): void {
    this.#makeSpace(name)
    ip('-n', this.#space(name), 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0')
    ip('-n', this.#space(name), 'link', 'set', 'br0', 'up')
  }

  #makeSpace (name: string): void {
    ip('netns', 'add', this.#space(name))
    this.#made.push(this.#space(name))
    ip('-n', this.#space(name), 'link', 'set', 'lo', 'up')
  }

  #plug (name: string, device: string, to: string, address: string): void {
    ip('-n', this.#space(to), 'link', 'add', `to-${name}`, 'type', 'veth', 'peer', 'name', device, 'netns', this.#space(name))
    ip('-n', this.#space(to), 'link', 'set', `to-${name}`, 'master', 'br0', 'up')
    ip('-n', this.#space(name), 'address', 'add', address, 'dev', device)
    this.#run(name, ['sh', '-c', `echo 100 > /proc/sys/net/ipv4/neigh/${device}/retrans_time_ms`])        // not a second for a lost question
    ip('-n', this.#space(name), 'link', 'set', device, 'up')
  }

  #run (name: string, argv: readonly string[], input?: string): string {
    return run('ip', ['netns', 'exec', this.#space(name), ...argv], input)
  }

  #name (host: number): typeof hosts[number] {
    const name = hosts[host]
    if (name === undefined) throw new TypeError(`there is no host ${host}`)
    return name
  }

  #switchOf (host: typeof hosts[number]): Router | 'wan' {
    return host === 'pub' ? 'wan' : behind[host]
  }

  #space (name: string): string {
    return `akshi-nat-${this.#id}-${name}`
  }
}

function isInstalled (program: string): boolean {
  try {
    run(program, ['--version'])
    return true
  } catch {
    return false
  }
}

function end (pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

function run (program: string, argv: readonly string[], input = ''): string {
  return execFileSync(program, argv, { input, stdio: ['pipe', 'pipe', 'pipe'] }).toString()
}
