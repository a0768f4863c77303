import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Laboratory } from './live-node.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { until } from './until.ts'

// `ip netns exec` has made a mount namespace: what is bound here is seen by this process and its children only.
const inPrivate = 'mount --bind "$1/dbus" /run/dbus && mount --bind "$1/avahi" /run/avahi-daemon && shift && exec "$@"'

/** Why Avahi cannot be run here; nothing when it can. */
export function reasonWithoutAvahi (): string | undefined {
  const missing = ['/usr/sbin/avahi-daemon', '/usr/bin/avahi-browse', '/usr/bin/dbus-daemon'].find((path) => !existsSync(path))
  return missing === undefined ? reasonWithoutNamespaces() : `there is no ${missing}: apt-get install avahi-daemon avahi-utils dbus`
}

/** What avahi-browse tells of a service. */
export interface BrowsedService {
  readonly interface: string
  readonly family: string
  readonly name: string
  readonly host: string
  readonly address: string
  readonly port: number
  readonly txt: string
}

/** An unmodified Avahi on a host of a laboratory, with a message bus of its own. Dispose it, which ends all that it runs. */
export class AvahiHost implements AsyncDisposable {
  readonly #lab: Laboratory
  readonly #host: number
  readonly #folder: string
  readonly #children: ChildProcess[] = []

  private constructor (lab: Laboratory, host: number, folder: string) {
    this.#lab = lab
    this.#host = host
    this.#folder = folder
  }

  /** Resolves when it answers. `options` are lines of the section [server] of its configuration. */
  static async start (lab: Laboratory, host: number, folder: string, ...options: readonly string[]): Promise<AvahiHost> {
    const avahi = new AvahiHost(lab, host, join(folder, `avahi${host}`))
    try {
      await avahi.#start(options)
      return avahi
    } catch (error) {
      await avahi[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Akshi services as it sees them now, one an address family; those that do not resolve within its five seconds are left out. */
  async browse (type = '_akshi._tcp'): Promise<readonly BrowsedService[]> {
    const printed = await this.run('avahi-browse', '--resolve', '--terminate', '--parsable', type)
    return printed.split('\n').filter((line) => line.startsWith('=')).map((line) => {
      const [, device = '', family = '', name = '', , , target = '', address = '', port = '', txt = ''] = line.split(';')
      return { interface: device, family, name: readable(name), host: target, address, port: Number(port), txt }
    })
  }

  /** Names of Akshi services in its cache, resolved or not. */
  async names (type = '_akshi._tcp'): Promise<readonly string[]> {
    const printed = await this.run('avahi-browse', '--terminate', '--parsable', type)
    return [...new Set(printed.split('\n').filter((line) => line.startsWith('+')).map((line) => readable(line.split(';')[3] ?? '')))].sort()
  }

  /** Publishes a service. Resolves when Avahi has established it, to its name, which may be another. */
  async publish (name: string, port: number, ...txt: readonly string[]): Promise<string> {
    const child = this.#spawn('avahi-publish', '-s', name, '_akshi._tcp', String(port), ...txt)
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => { printed += String(chunk) })
    await until(async () => /^Established/m.test(printed), 10_000, `avahi-publish: ${printed}`)
    return /^Established under name '(.*)'/m.exec(printed)?.[1] ?? name
  }

  /** What one of its tools prints. */
  async run (...argv: string[]): Promise<string> {
    return (await promisify(execFile)('ip', this.#command(...argv))).stdout
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const child of this.#children.reverse()) await end(child)
  }

  async #start (options: readonly string[]): Promise<void> {
    for (const path of ['/run/dbus', '/run/avahi-daemon']) mkdirSync(path, { recursive: true })       // what to bind over
    for (const name of ['', 'dbus', 'avahi']) await mkdir(join(this.#folder, name), { recursive: true, mode: 0o755 })
    const config = join(this.#folder, 'avahi.conf')
    await writeFile(config, ['[server]', `host-name=avahi${this.#host}`, 'allow-interfaces=eth0', 'use-ipv4=yes', 'use-ipv6=yes', 'ratelimit-interval-usec=0', ...options, '[publish]', 'publish-workstation=no', ''].join('\n'))
    this.#spawn('dbus-daemon', '--system', '--nofork', '--nopidfile')
    await until(async () => existsSync(join(this.#folder, 'dbus', 'system_bus_socket')), 5_000, 'dbus-daemon')
    this.#spawn('avahi-daemon', '--file', config)
    await until(() => this.run('avahi-browse', '--terminate', '_none._tcp').then(() => true, () => false), 10_000, 'avahi-daemon')
  }

  #spawn (...argv: string[]): ChildProcess {
    const child = spawn('ip', this.#command(...argv), { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) stream?.resume()
    this.#children.push(child)
    return child
  }

  #command (...argv: string[]): string[] {
    return this.#lab.command(this.#host, 'bash', '-c', inPrivate, 'bash', this.#folder, ...argv)
  }
}

/** Ends it and waits for that. */
async function end (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** avahi-browse writes what is no letter or digit as `\032`: three decimal digits a byte. */
function readable (name: string): string {
  const bytes = name.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number(digits))).replace(/\\(.)/g, '$1')
  return Buffer.from(bytes, 'latin1').toString()
}
