import { expect } from 'chai'
import { createDevice, probeDevice, systemCommands, ToolDevice, UapiDevice, type Commands } from '@akshi/plugin-wireguard'
import { silentLogger, systemClock, systemRandom } from '@akshi/core'

interface Machine {
  readonly installed: readonly string[]
  /** What `ip link add ... type wireguard` complains of. */
  readonly kernel?: string
  readonly tun?: string
  readonly platform?: NodeJS.Platform
}

const all = ['ip', 'wg', 'wireguard-go', 'boringtun-cli']
const noKernel = 'Error: Unknown device type.'

describe('probeDevice', () => {
  it('takes the kernel first, then what is installed, and says why', async () => {
    expect([
      await probe({ installed: all }),
      await probe({ installed: ['ip', 'wireguard-go'] }),
      await probe({ installed: all, kernel: noKernel }),
      await probe({ installed: ['ip', 'boringtun-cli'], kernel: noKernel })
    ]).to.deep.equal([
      ['kernel'],
      ['userspace', 'wireguard-go', 'the kernel has WireGuard, but wg is not installed: apt install wireguard-tools'],
      ['userspace', 'wireguard-go', 'the kernel has no WireGuard (modprobe wireguard, if it is there as a module)'],
      ['userspace', 'boringtun-cli', 'the kernel has no WireGuard (modprobe wireguard, if it is there as a module)']
    ])
  })

  it('says what is missing and what to do when there is nothing', async () => {
    const reasons = await Promise.all([
      probe({ installed: [] }), probe({ installed: all, kernel: 'RTNETLINK answers: Operation not permitted' }), probe({ installed: all, platform: 'darwin' }),
      probe({ installed: ['ip'], kernel: noKernel }), probe({ installed: all, kernel: noKernel, tun: 'ENOENT' }), probe({ installed: all, kernel: noKernel, tun: 'EACCES' })
    ])
    expect(reasons.map(([kind, ...rest]) => [kind, rest.at(-1)?.replace(/:.*/, ':')])).to.deep.equal([
      ['none', 'ip is not installed:'], ['none', 'making a tunnel needs CAP_NET_ADMIN:'], ['none', 'tunnels are made on Linux only so far; this is darwin'],
      ['none', 'wireguard-go is not installed:'], ['none', '/dev/net/tun is missing:'], ['none', '/dev/net/tun cannot be opened (EACCES):']
    ])
  })

  it('makes the device that was found', async () => {
    const parts = { commands: systemCommands, clock: systemClock, random: systemRandom, logger: silentLogger }
    const program = { program: 'wireguard-go', args: () => [] }
    expect(createDevice({ kind: 'kernel', reasons: [] }, parts)).to.be.instanceOf(ToolDevice)
    expect(createDevice({ kind: 'userspace', program, reasons: [] }, parts)).to.be.instanceOf(UapiDevice)
    expect(createDevice({ kind: 'none', reasons: [''] }, parts)).to.equal(undefined)
  })
})

describe('systemCommands', () => {
  it('gives what a program prints, and of one that fails what it complains of', async () => {
    expect(await systemCommands.run('sh', ['-c', 'cat; echo " $0"', 'said'], 'input')).to.equal('input said\n')
    expect(await messageOf(systemCommands.run('sh', ['-c', 'echo no >&2; exit 3']))).to.include('no')
    expect(await messageOf(systemCommands.run('no-such-program', []))).to.deep.equal('no-such-program: it is not installed')
  })

  it('says how a program ended', async () => {
    const running = systemCommands.start('sleep', ['1000'])
    running.kill('SIGTERM')
    expect(await running.ended).to.equal('SIGTERM')
    expect(await systemCommands.start('sh', ['-c', 'echo first >&2; echo last >&2; exit 3']).ended).to.equal('last')
    expect(await systemCommands.start('sh', ['-c', 'exit 3']).ended).to.equal('exit code 3')
    expect(await systemCommands.start('no-such-program', []).ended).to.include('no-such-program')
  })
})

async function probe ({ installed, kernel, tun, platform = 'linux' }: Machine): Promise<readonly string[]> {
  const links = new Set<string>()
  const commands: Commands = {
    start: systemCommands.start,
    run: async (program, args) => {
      if (!installed.includes(program)) throw Object.assign(new Error('it is not installed'), { code: 'ENOENT' })
      const [object, verb, , name = ''] = args
      if (object !== 'link') return ''
      if (verb === 'add' && kernel !== undefined) throw new Error(kernel)
      if (verb === 'add') links.add(name)
      else links.delete(name)
      return ''
    }
  }
  const checkTun = async () => { if (tun !== undefined) throw Object.assign(new Error(tun), { code: tun }) }
  const probed = await probeDevice({ commands, platform, checkTun })
  expect([...links]).to.deep.equal([])
  return [probed.kind, ...probed.kind === 'userspace' ? [probed.program.program] : [], ...probed.reasons]
}

async function messageOf (call: Promise<unknown>): Promise<string> {
  return await call.then(() => '', (error: Error) => error.message)
}
