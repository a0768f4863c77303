import { access, constants } from 'node:fs/promises'
import { describeError } from '@akshi/core'
import type { Commands } from './commands.ts'
import { ToolDevice } from './tool-device.ts'
import { UapiDevice, type UapiDeviceParts } from './uapi-device.ts'
import { userspacePrograms, type UserspaceProgram } from './userspace-process.ts'
import type { WgDevice } from './wg-device.ts'

/** The best way to make tunnels here. `reasons` says, for people, why there is no better one and what to do about it. */
export type ProbedDevice = {
  readonly reasons: readonly string[]
} & ({ readonly kind: 'kernel' | 'none' } | { readonly kind: 'userspace', readonly program: UserspaceProgram })

export interface ProbeParts {
  readonly commands: Commands
  readonly platform: NodeJS.Platform
  /** Rejects with the system's error when no TUN device can be opened. */
  readonly checkTun: () => Promise<void>
}

const tunPath = '/dev/net/tun'
/** Made and removed within a millisecond; nobody else has a reason to use this name. */
const trialName = 'akshi-probe'

/** What the plugin asks of this machine. */
export const systemProbe = (commands: Commands): ProbeParts => ({
  commands, platform: process.platform, checkTun: () => access(tunPath, constants.R_OK | constants.W_OK)
})

/** Looks for the kernel's WireGuard first, then for one in userspace. Leaves nothing behind, and never rejects. */
export async function probeDevice ({ commands, platform, checkTun }: ProbeParts): Promise<ProbedDevice> {
  if (platform !== 'linux') return { kind: 'none', reasons: [`tunnels are made on Linux only so far; this is ${platform}`] }
  const kernel = await tryKernel(commands)
  if (kernel.stop !== undefined) return { kind: 'none', reasons: [kernel.stop] }
  const reasons = kernel.works ? await missingTool(commands) : ['the kernel has no WireGuard (modprobe wireguard, if it is there as a module)']
  if (reasons.length === 0) return { kind: 'kernel', reasons }
  const noTun = await checkTun().then(() => undefined, explainTun)
  if (noTun !== undefined) return { kind: 'none', reasons: [...reasons, noTun] }
  for (const program of userspacePrograms) {
    if (await isInstalled(commands, program.program)) return { kind: 'userspace', program, reasons }
  }
  return { kind: 'none', reasons: [...reasons, 'wireguard-go is not installed: apt install wireguard-go'] }
}

/** The device that was found; nothing when there is none. */
export function createDevice (probed: ProbedDevice, parts: Omit<UapiDeviceParts, 'program'>): WgDevice | undefined {
  switch (probed.kind) {
    case 'kernel': return new ToolDevice(parts.commands)
    case 'userspace': return new UapiDevice({ ...parts, program: probed.program })
    case 'none': return undefined
  }
}

/** By making one: what the kernel answers tells a missing right from a missing module. */
async function tryKernel (commands: Commands): Promise<{ readonly works: boolean, readonly stop?: string }> {
  try {
    await commands.run('ip', ['link', 'add', 'dev', trialName, 'type', 'wireguard'])
  } catch (error) {
    if (isMissing(error)) return { works: false, stop: 'ip is not installed: apt install iproute2' }
    const why = describeError(error)
    if (/not permitted|denied/i.test(why)) return { works: false, stop: 'making a tunnel needs CAP_NET_ADMIN: run the node as root, or give its service AmbientCapabilities=CAP_NET_ADMIN' }
    if (!why.includes('File exists')) return { works: false }
  }
  await commands.run('ip', ['link', 'del', 'dev', trialName]).catch(() => {})      // another probe was faster
  return { works: true }
}

async function missingTool (commands: Commands): Promise<readonly string[]> {
  return await isInstalled(commands, 'wg') ? [] : ['the kernel has WireGuard, but wg is not installed: apt install wireguard-tools']
}

async function isInstalled (commands: Commands, program: string): Promise<boolean> {
  return await commands.run(program, ['--version']).then(() => true, (error: unknown) => !isMissing(error))
}

function isMissing (error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function explainTun (error: unknown): string {
  if (isMissing(error)) return `${tunPath} is missing: modprobe tun, or in a container: --device ${tunPath} --cap-add NET_ADMIN`
  return `${tunPath} cannot be opened (${describeError(error)}): run the node as root, or chmod 666 ${tunPath}`
}
