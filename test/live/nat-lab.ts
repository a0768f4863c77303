import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { ip, reasonWithoutNamespaces } from './network-lab.ts'

/**
 * What a router does to those behind it. `cone`: every UDP socket keeps its port, whomever it talks to, and hears only those it has
 * talked to. `cone:40001`: the same, from this port, for one socket in all. `random`: another port for each it talks to, so that nobody
 * can say which the next will be. `blocked`: no UDP gets out.
 */
export type Nat = 'cone' | `cone:${number}` | 'random' | 'blocked'
export type Router = 'ra' | 'rb'

/** In the order of their numbers. */
const hosts = ['pub', 'a', 'b', 'c'] as const
const behind = { a: 'ra', b: 'rb', c: 'ra' } as const
const lans = { ra: '192.168.1', rb: '192.168.2' } as const
const publicAddresses = { pub: '203.0.113.1', ra: '203.0.113.11', rb: '203.0.113.12' } as const
const addresses = { pub: publicAddresses.pub, a: `${lans.ra}.2`, b: `${lans.rb}.2`, c: `${lans.ra}.3` } as const
const sockets = '/var/run/wireguard'
let made = 0

/**
 * A small internet: the public host 0 (`pub`), and two homes behind a router each, with the hosts 1 (`a`) and 3 (`c`, if there is one) behind
 * `ra` and 2 (`b`) behind `rb`. All are network namespaces; no interface of this machine is among them, so nothing ever leaves.
 */
export class NatLab implements Disposable {
  readonly #id = `${process.pid.toString(36)}${(made++).toString(36)}`
  readonly #hosts: readonly (typeof hosts[number])[]
  readonly #made: string[] = []

  /** Makes it, with these NATs. Throws, with nothing left behind, when a step fails. */
  constructor ({ ra, rb, size = 3 }: { readonly ra: Nat, readonly rb: Nat, readonly size?: 3 | 4 }) {
    this.#hosts = hosts.slice(0, size)
    try {
      this.#makeSwitch('wan')
      this.#makeRouter('ra', ra)
      this.#makeRouter('rb', rb)
      for (const host of this.#hosts) this.#makeHost(host)
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

  /** The address that the others see a host at. */
  publicAddress (host: number): string {
    const name = this.#name(host)
    return publicAddresses[name === 'pub' ? name : behind[name]]
  }

  /** A name for a tunnel device of a host that no other device of this machine has: their sockets share a folder. */
  device (host: number): string {
    return `an${this.#id}-${host}`
  }

  /** The words after `ip` that run a command on a host. It becomes the command, so that a signal reaches that itself. */
  command (host: number, ...argv: string[]): string[] {
    return ['netns', 'exec', this.#space(this.#name(host)), ...argv]
  }

  /** What flows already keeps its ways; `forget` ends that. */
  setNat (router: Router, nat: Nat): void {
    this.#run(router, ['nft', '-f', '-'], rules(nat))
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
    for (const host of this.#hosts.keys()) rmSync(`${sockets}/${this.device(host)}.sock`, { force: true })
  }

  #makeHost (host: typeof hosts[number]): void {
    this.#makeSpace(host)
    const router = host === 'pub' ? undefined : behind[host]
    this.#plug(host, 'eth0', router ?? 'wan', `${addresses[host]}/24`)
    if (router !== undefined) ip('-n', this.#space(host), 'route', 'add', 'default', 'via', `${lans[router]}.1`)
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
    const name = this.#hosts[host]
    if (name === undefined) throw new TypeError(`there is no host ${host}`)
    return name
  }

  #space (name: string): string {
    return `akshi-nat-${this.#id}-${name}`
  }
}

/**
 * What comes unasked is dropped, in the router's own input too: it would otherwise be remembered as a flow of the router, and take the
 * port from the one behind that answers later.
 */
function rules (nat: Nat): string {
  const asked = 'iifname "wan" ct state established,related accept; iifname "wan" drop'
  return `table ip nat
    delete table ip nat
    table ip nat {
      chain out {
        type nat hook postrouting priority 100
        ${nat.startsWith('cone:') ? `oifname "wan" meta l4proto udp masquerade to ${nat.slice(4)}` : ''}
        oifname "wan" masquerade ${nat === 'random' ? 'fully-random' : ''}
      }
      chain through { type filter hook forward priority 0; ${nat === 'blocked' ? 'oifname "wan" meta l4proto udp drop;' : ''} ${asked}; }
      chain in { type filter hook input priority 0; ${asked}; }
    }`
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
