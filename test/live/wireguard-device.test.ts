import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { probeDevice, systemCommands, systemProbe, ToolDevice, tunnelKeyFromPrivate, type WgPeer } from '@akshi/plugin-wireguard'
import { deviceCases } from '../plugin-wireguard/device-cases.ts'
import { TunnelLab, userspaceDevice, withKernelDevices } from '../plugin-wireguard/tunnel-lab.ts'
import { codeOf } from '../support/failures.ts'
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

describe('a node that is killed', () => {
  test(titled('takes its WireGuard with it, and the next start works'), async () => {
    await using lab = new TunnelLab(userspaceDevice)
    const settings = JSON.stringify({ ...lab.settings, privateKey: Buffer.from(lab.settings.privateKey).toString('hex') })
    const node = spawn(process.execPath, [...process.execArgv, holder, lab.space, settings], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(node.stdout, 'data')
    const ended = once(node, 'exit')
    node.kill('SIGKILL')
    await ended
    await lab.until(async () => lab.pidsOf('wireguard-go').length === 0)
    expect(existsSync(socketOf(lab))).to.equal(true)
    await lab.device.open(lab.settings, now)
    expect(await lab.device.peers()).to.deep.equal([])
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
