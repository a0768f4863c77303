import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { probeDevice, systemCommands, systemProbe, ToolDevice, tunnelAddress, tunnelKeyFromPrivate, type WgPeer } from '@akshi/plugin-wireguard'
import { deviceCases } from '../plugin-wireguard/device-cases.ts'
import { TunnelLab, userspaceDevice, withKernelDevices } from '../plugin-wireguard/tunnel-lab.ts'
import { codeOf, failureOf } from '../support/failures.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'

const holder = fileURLToPath(new URL('../plugin-wireguard/tunnel-process.ts', import.meta.url))
const now = new AbortController().signal
const why = reasonWithoutNamespaces() ?? await reasonWithout('wireguard-go') ?? await reasonWithout('wg') ?? reasonWithoutTun()
const test = why === undefined ? it : it.skip
const titled = (title: string) => why === undefined ? title : `${title} (skipped: ${why})`

const implementations = {
  UapiDevice: () => new TunnelLab(userspaceDevice),
  ToolDevice: () => new TunnelLab((commands) => new ToolDevice(withKernelDevices(commands)))
}

for (const [name, makeLab] of Object.entries(implementations)) {
  describe(`${name}, with real devices`, () => {
    for (const { name, run } of deviceCases) {
      test(titled(name), async () => {
        await using lab = makeLab()
        await run(lab)
      })
    }

    test(titled('says so when its port is taken, and leaves nothing behind'), async () => {
      await using lab = makeLab()
      const taken = spawn('ip', ['netns', 'exec', lab.space, process.execPath, '-e', `require("dgram").createSocket("udp4").bind(${lab.settings.listenPort}, () => console.log("up"))`], { stdio: ['ignore', 'pipe', 'ignore'] })
      await once(taken.stdout, 'data')
      expect(await codeOf(() => lab.device.open(lab.settings, now))).to.equal('MESH_PORT_IN_USE')
      expect(await lab.ip('-j', 'link', 'show')).to.not.include(lab.settings.name)
    })
  })
}

describe('a userspace WireGuard that dies', () => {
  test(titled('is back within two seconds, with its peers, their routes and new sessions'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    const other = await lab.startOther(self(lab))
    await lab.device.open(lab.settings, now)
    await lab.device.setPeer({ ...other, keepaliveSecs: 0 })
    expect(await lab.greet(other.address)).to.equal('hello')

    const [pid = 0] = lab.pidsOf('wireguard-go')
    process.kill(pid, 'SIGKILL')
    const diedAt = performance.now()
    await lab.until(async () => (await lab.device.peers())[0]?.lastHandshakeMs !== undefined && lab.pidsOf('wireguard-go')[0] !== pid)
    expect(await lab.greet(other.address)).to.equal('hello')
    expect(performance.now() - diedAt).to.be.lessThan(2_000)
  })

  test(titled('finds a peer again that had come by itself'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    const { endpoint, ...other } = await lab.startOther({ ...self(lab), endpoint: { host: '10.79.0.1', port: lab.settings.listenPort } })
    await lab.device.open(lab.settings, now)
    await lab.device.setPeer({ ...other, keepaliveSecs: 25 })
    await lab.knock()
    expect((await lab.device.peers()).map((peer) => peer.endpoint)).to.deep.equal([endpoint])
    await lab.device.setPeer({ ...other, keepaliveSecs: 0 })
    const [pid = 0] = lab.pidsOf('wireguard-go')
    process.kill(pid, 'SIGKILL')
    await lab.until(async () => (await lab.device.peers())[0]?.lastHandshakeMs !== undefined && lab.pidsOf('wireguard-go')[0] !== pid)
  })

  test(titled('has, when it is back, what was set and removed meanwhile'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    const [one, two] = [self(lab), self(lab)].map((peer, index) => ({ ...peer, publicKey: anyKey(index) }))
    await lab.device.open(lab.settings, now)
    await lab.device.setPeer(one as WgPeer)
    for (const pid of lab.pidsOf('wireguard-go')) process.kill(pid, 'SIGKILL')
    await lab.device.removePeer((one as WgPeer).publicKey)
    await lab.device.setPeer(two as WgPeer)
    await lab.until(async () => (await lab.device.peers()).length > 0)
    expect((await lab.device.peers()).map(({ publicKey }) => publicKey)).to.deep.equal([two?.publicKey])
  })

  test(titled('stays away when its device is closed'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    await lab.device.open(lab.settings, now)
    for (const pid of lab.pidsOf('wireguard-go')) process.kill(pid, 'SIGKILL')
    await lab.device.close()
    expect([lab.pidsOf('wireguard-go'), existsSync(socketOf(lab))]).to.deep.equal([[], false])
  })
})

describe('a userspace WireGuard that hangs', () => {
  test(titled('is killed and replaced, with its peers, while calls go on'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    const other = await lab.startOther(self(lab))
    await lab.device.open(lab.settings, now)
    await lab.device.setPeer({ ...other, keepaliveSecs: 25 })
    const [pid = 0] = lab.pidsOf('wireguard-go')
    process.kill(pid, 'SIGSTOP')
    const stoppedAt = performance.now()
    expect(await lab.device.peers()).to.deep.equal([])
    await lab.device.setPeer({ ...other, keepaliveSecs: 5 })
    await lab.until(async () => (await lab.device.peers())[0]?.lastHandshakeMs !== undefined)
    expect([lab.pidsOf('wireguard-go').includes(pid), (await lab.device.peers())[0]?.keepaliveSecs]).to.deep.equal([false, 5])
    expect(await lab.greet(other.address)).to.equal('hello')
    expect(performance.now() - stoppedAt).to.be.lessThan(6_000)
  })

  test(titled('does not hold up the end of its device'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    await lab.device.open(lab.settings, now)
    for (const pid of lab.pidsOf('wireguard-go')) process.kill(pid, 'SIGSTOP')
    const late = lab.device.peers()
    const closedAt = performance.now()
    await lab.device.close()
    expect(performance.now() - closedAt).to.be.lessThan(3_000)
    expect(await late).to.deep.equal([])
    expect([lab.pidsOf('wireguard-go'), existsSync(socketOf(lab)), (await lab.ip('-j', 'link', 'show')).includes(lab.settings.name)]).to.deep.equal([[], false, false])
  })

  test(titled('at its start is killed too, and the start fails and says why'), async () => {
    await using lab = new TunnelLab((commands) => userspaceDevice({ ...commands, start: (_, args) => commands.start(process.execPath, ['-e', deafProgram(args.at(-1) ?? '')]) }))
    const openedAt = performance.now()
    const failure = await failureOf(() => lab.device.open(lab.settings, now))
    expect([(failure as { code?: string }).code, String(failure).includes('does not answer')]).to.deep.equal(['MESH_PLUGIN_START_FAILED', true])
    expect(performance.now() - openedAt).to.be.lessThan(7_000)
    expect([lab.pidsOf('node'), existsSync(socketOf(lab))]).to.deep.equal([[], false])
  })

  test(titled('is replaced also when only its socket has gone'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    await lab.device.open(lab.settings, now)
    const [pid = 0] = lab.pidsOf('wireguard-go')
    await rm(socketOf(lab))
    await lab.until(async () => {
      await lab.device.peers()
      return lab.pidsOf('wireguard-go').length === 1 && !lab.pidsOf('wireguard-go').includes(pid) && existsSync(socketOf(lab))
    })
  })
})

/** What happens to a node and its WireGuard, one after the other. */
const deaths: Readonly<Record<string, (node: Holder, lab: TunnelLab) => Promise<void>>> = {
  'with its WireGuard after it': async (node) => await node.kill(),
  'just after its WireGuard': async (node, lab) => {
    killAll(lab, 'SIGKILL')
    await node.kill()
  },
  'when its WireGuard has just been started again': async (node, lab) => {
    const before = lab.pidsOf('wireguard-go')
    killAll(lab, 'SIGKILL')
    await lab.until(async () => lab.pidsOf('wireguard-go').some((pid) => !before.includes(pid)))
    await node.kill()
  },
  'while its WireGuard hangs': async (node, lab) => {
    killAll(lab, 'SIGSTOP')
    await node.kill()
  }
}

/** The second finds what the first has left. */
const deathsInARow = process.env['SOAK'] === '1' ? 5 : 2

describe('a node that is killed', () => {
  for (const [title, die] of Object.entries(deaths)) {
    test(titled(`${title} starts again, and another node on the machine does not notice`), async () => {
      await using lab = new TunnelLab(userspaceDevice)
      await using neighbour = new TunnelLab(userspaceDevice)
      await neighbour.device.open(neighbour.settings, now)
      for (let death = 0; death < deathsInARow; death++) {
        const node = await Holder.start(lab)
        await die(node, lab)
        await lab.until(async () => lab.pidsOf('wireguard-go').length === 0)
      }
      await lab.device.open(lab.settings, now)
      expect([await lab.device.peers(), lab.pidsOf('wireguard-go').length]).to.deep.equal([[], 1])
      await lab.device.close()
      expect([existsSync(socketOf(lab)), (await lab.ip('-j', 'link', 'show')).includes(lab.settings.name)]).to.deep.equal([false, false])
      expect([await neighbour.device.peers(), existsSync(socketOf(neighbour))]).to.deep.equal([[], true])
    })
  }

  test(titled('beside one with another name and port in the same network starts again, and that one goes on'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    const other = userspaceDevice(lab.commands)
    const settings = { ...lab.settings, name: `${lab.settings.name}b`, owner: 'another node', listenPort: 51_821, address: tunnelAddress(anyKey(7)) }
    await other.open(settings, now)
    const [bystander] = lab.pidsOf('wireguard-go')
    const node = await Holder.start(lab)
    await node.kill()
    await lab.until(async () => lab.pidsOf('wireguard-go').length === 1)
    await lab.device.open(lab.settings, now)
    expect([lab.pidsOf('wireguard-go').includes(bystander ?? 0), await other.peers()]).to.deep.equal([true, []])
    await other.close()
  })

  test(titled('and has left its WireGuard running is followed by a start that ends that'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    const { name, owner } = lab.settings
    const orphan = lab.commands.start('wireguard-go', ['-f', name])
    await lab.until(async () => existsSync(socketOf(lab)))
    await lab.ip('link', 'set', 'dev', name, 'alias', owner)
    await lab.device.open(lab.settings, now)
    await orphan.ended
    expect(lab.pidsOf('wireguard-go').length).to.equal(1)
  })
})

describe('a socket of a WireGuard in another network', () => {
  test(titled('is not touched'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    await using elsewhere = new TunnelLab(userspaceDevice)
    await elsewhere.device.open({ ...elsewhere.settings, name: lab.settings.name }, now)
    expect(await codeOf(() => lab.device.open(lab.settings, now))).to.equal('MESH_CONFIG_INVALID')
    expect(await elsewhere.device.peers()).to.deep.equal([])
    expect(await elsewhere.ip('link', 'show', 'dev', lab.settings.name)).to.include(elsewhere.settings.owner)
  })
})

describe('probeDevice, here', () => {
  test(titled('finds a device, and leaves nothing behind'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    const probed = await probeDevice(systemProbe(lab.commands))
    expect(['kernel', 'userspace']).to.include(probed.kind)
    expect(await lab.ip('-j', 'link', 'show')).to.not.include('akshi-probe')
  })
})

/** Makes the interface and takes connections on the socket, and never answers. It stays when it is asked to go. */
function deafProgram (name: string): string {
  return `require('child_process').execSync('ip link add dev ${name} type bridge'); process.on('SIGTERM', () => {}); require('net').createServer(() => {}).listen('/var/run/wireguard/${name}.sock')`
}

/** A process that holds a device, and is killed in the end. */
class Holder {
  readonly #process: ChildProcess

  private constructor (process: ChildProcess) {
    this.#process = process
  }

  static async start (lab: TunnelLab): Promise<Holder> {
    const settings = JSON.stringify({ ...lab.settings, privateKey: Buffer.from(lab.settings.privateKey).toString('hex') })
    const node = spawn(process.execPath, [...process.execArgv, holder, lab.space, settings], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(node.stdout, 'data')
    return new Holder(node)
  }

  async kill (): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}

function killAll (lab: TunnelLab, signal: NodeJS.Signals): void {
  for (const pid of lab.pidsOf('wireguard-go')) process.kill(pid, signal)
}

function self ({ settings }: TunnelLab): WgPeer {
  return { publicKey: tunnelKeyFromPrivate(settings.privateKey).publicKey, address: settings.address, keepaliveSecs: 0 }
}

function anyKey (seed: number): WgPeer['publicKey'] {
  return tunnelKeyFromPrivate(new Uint8Array(32).fill(seed + 1)).publicKey
}

function socketOf ({ settings }: TunnelLab): string {
  return `/var/run/wireguard/${settings.name}.sock`
}

async function reasonWithout (program: string): Promise<string | undefined> {
  return await systemCommands.run(program, ['--version']).then(() => undefined, () => `${program} is not installed`)
}

function reasonWithoutTun (): string | undefined {
  return existsSync('/dev/net/tun') ? undefined : '/dev/net/tun is missing'
}
