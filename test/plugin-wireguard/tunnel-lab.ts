import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLogger, systemClock, systemRandom } from '@akshi/core'
import { createTunnelKey, systemCommands, tunnelAddress, UapiDevice, userspacePrograms, type Commands, type WgDevice, type WgPeer, type WgSettings } from '@akshi/plugin-wireguard'
import type { DeviceLab } from './device-cases.ts'

const port = 51_820
const socketOf = (name: string) => `/var/run/wireguard/${name}.sock`
const greeter = 'require("net").createServer((socket) => socket.end("hello")).listen(7000, process.argv[1], () => console.log("up"))'
const caller = 'require("net").connect(7000, process.argv[1]).on("data", (data) => process.stdout.write(data))'
const knocker = 'require("net").connect(7000, process.argv[1]).on("error", () => {})'
let made = 0

/** The programs of this machine, inside a network namespace. */
export function commandsIn (space: string): Commands {
  return {
    run: (program, args, input) => systemCommands.run('ip', ['netns', 'exec', space, program, ...args], input),
    start: (program, args) => systemCommands.start('ip', ['netns', 'exec', space, program, ...args])
  }
}

/** A userspace device in a network namespace. */
export function userspaceDevice (commands: Commands): UapiDevice {
  return new UapiDevice({ program: userspacePrograms[0] ?? { program: '', args: () => [] }, commands, clock: systemClock, random: systemRandom, logger: silentLogger })
}

/** Two network namespaces and a cable between them, which nothing else is on. The device under test is in the first. */
export class TunnelLab implements DeviceLab {
  readonly device: WgDevice
  readonly settings: WgSettings
  readonly commands: Commands
  readonly #spaces: readonly [string, string]
  readonly #others: WgDevice[] = []

  constructor (makeDevice: (commands: Commands) => WgDevice) {
    const id = `${process.pid.toString(36)}${(made++).toString(36)}`
    this.#spaces = [`akshi-wg-${id}-0`, `akshi-wg-${id}-1`]
    this.settings = settingsOf(`aw${id}-0`)
    this.commands = commandsIn(this.#spaces[0])
    this.device = makeDevice(this.commands)
    for (const space of this.#spaces) run('ip', 'netns', 'add', space)
    run('ip', '-n', this.#spaces[0], 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.#spaces[1])
    for (const [host, space] of this.#spaces.entries()) {
      run('ip', '-n', space, 'address', 'add', `10.79.0.${host + 1}/24`, 'dev', 'eth0')
      for (const device of ['lo', 'eth0']) run('ip', '-n', space, 'link', 'set', device, 'up')
    }
  }

  get space (): string { return this.#spaces[0] }

  readonly ip = (...words: string[]): Promise<string> => {
    return this.commands.run('ip', words)
  }

  readonly startOther = async (peer: WgPeer): Promise<{ publicKey: WgPeer['publicKey'], address: string, endpoint: { host: string, port: number } }> => {
    const { publicKey, privateKey } = createTunnelKey()
    const other = { ...settingsOf(this.settings.name.replace(/0$/, '1')), privateKey, address: tunnelAddress(publicKey) }
    const device = userspaceDevice(commandsIn(this.#spaces[1]))
    this.#others.push(device)
    await device.open(other, new AbortController().signal)
    await device.setPeer(peer)
    const server = spawn('ip', ['netns', 'exec', this.#spaces[1], process.execPath, '-e', greeter, other.address], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(server.stdout, 'data')
    return { publicKey, address: other.address, endpoint: { host: '10.79.0.2', port } }
  }

  readonly greet = (address: string): Promise<string> => {
    return this.commands.run(process.execPath, ['-e', caller, address])
  }

  readonly until = async (check: () => Promise<boolean>): Promise<void> => {
    const giveUpAt = performance.now() + 5_000
    while (!await check()) {
      if (performance.now() > giveUpAt) throw new Error('what was waited for did not happen within 5 s')
      await sleep(5)
    }
  }

  /** Sends something from the other network to the device under test, which does not answer. */
  async knock (): Promise<void> {
    await commandsIn(this.#spaces[1]).run(process.execPath, ['-e', knocker, this.settings.address])
  }

  /** The process ids of what runs in the first namespace under this name. */
  pidsOf (name: string): readonly number[] {
    return run('ip', 'netns', 'pids', this.space).split('\n').filter((pid) => pid !== '').map(Number)
      .filter((pid) => commandOf(pid) === name)
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const device of [this.device, ...this.#others]) await device.close()
    for (const space of this.#spaces) {
      for (const pid of run('ip', 'netns', 'pids', space).split('\n').filter((line) => line !== '')) process.kill(Number(pid), 'SIGKILL')
      run('ip', 'netns', 'del', space)
    }
    await rm(socketOf(this.settings.name), { force: true })
  }
}

/**
 * The same programs, on a machine whose kernel makes WireGuard interfaces. Where this one's cannot, wireguard-go makes them, and `wg`
 * and `ip` do not see a difference.
 */
export function withKernelDevices (commands: Commands): Commands {
  return { ...commands, run: runOrMake }

  async function runOrMake (program: string, args: readonly string[], input?: string): Promise<string> {
    try {
      return await commands.run(program, args, input)
    } catch (error) {
      const [, name] = /^link add dev (\S+) type wireguard\n/.exec(input ?? '') ?? []
      if (name === undefined || !/Unknown device type|not supported/.test(String(error))) throw error
      commands.start('wireguard-go', ['-f', name])
      while (!existsSync(socketOf(name))) await sleep(5)
      return await commands.run(program, args, input?.replace(/.*\n/, ''))
    }
  }
}

/** The name of a process; nothing when it has ended meanwhile. */
function commandOf (pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return undefined
  }
}

function settingsOf (name: string): WgSettings {
  const { publicKey, privateKey } = createTunnelKey()
  return { name, owner: `akshi-mesh ${name}`, privateKey, listenPort: port, mtu: 1420, address: tunnelAddress(publicKey) }
}

function run (program: string, ...words: string[]): string {
  return execFileSync(program, words, { stdio: ['ignore', 'pipe', 'pipe'] }).toString()
}
