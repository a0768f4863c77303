import { existsSync, readFileSync } from 'node:fs'
import type { Check, Checks, Observation } from '@akshi/core'
import type { Blockade } from './firewall.ts'
import type { MdnsInterfaceStatus, MdnsStatus } from './mdns-status.ts'

/** What the checks look at besides the status. */
export interface MdnsSurroundings {
  readonly findBlockade: (port: number, signal: AbortSignal) => Promise<Blockade | undefined>
  /** Whether the node runs in a container. */
  readonly isContained: () => boolean
  /** Whether Avahi is told to keep others from its port. */
  readonly isAvahiAlone: () => boolean
}

/** Those of this machine. */
export function systemSurroundings (findBlockade: MdnsSurroundings['findBlockade']): MdnsSurroundings {
  return {
    findBlockade,
    isContained: () => ['/.dockerenv', '/run/.containerenv'].some((path) => existsSync(path)),
    isAvahiAlone: () => /^\s*disallow-other-stacks\s*=\s*yes/m.test(readOrEmpty('/etc/avahi/avahi-daemon.conf'))
  }
}

/** What `akshi doctor` hears of LAN discovery. */
export function addMdnsChecks (checks: Checks, status: () => MdnsStatus, surroundings: MdnsSurroundings): void {
  checks.add('mDNS', mdnsCheck(status, surroundings))
}

/** Looks at each interface, at what may keep multicast from it, and at what was left out. */
export function mdnsCheck (status: () => MdnsStatus, surroundings: MdnsSurroundings): Check {
  return async (signal) => {
    const now = status()
    const blockade = await surroundings.findBlockade(now.port, signal)
    return [
      ...now.interfaces.map((each) => observe(each, now, blockade, surroundings)),
      ...observeNone(now),
      ...blockade === undefined || now.interfaces.some(isDeaf) ? [] : [observeFirewall(blockade, now.port)],
      ...observeContainer(now, surroundings)
    ]
  }
}

function observe (each: MdnsInterfaceStatus, { name, port }: MdnsStatus, blockade: Blockade | undefined, { isAvahiAlone }: MdnsSurroundings): Observation {
  const where = `${each.interface} (${each.address})`
  if (each.state === 'failed') {
    const { problem = '' } = each
    if (!problem.includes('EADDRINUSE')) return { level: 'warning', message: `no multicast on ${where}: ${problem}`, fix: `ip -br address show dev ${each.interface}` }
    if (isAvahiAlone()) return { level: 'failure', message: `Avahi keeps UDP port ${port} for itself (disallow-other-stacks=yes)`, fix: 'sudo sed -i s/^disallow-other-stacks=yes/disallow-other-stacks=no/ /etc/avahi/avahi-daemon.conf && sudo systemctl restart avahi-daemon' }
    return { level: 'failure', message: `another program keeps UDP port ${port} for itself; who it is:`, fix: `sudo ss -lunp sport = :${port}` }
  }
  if (isDeaf(each)) {
    const message = `multicast does not come through on ${where}: this node does not even hear itself`
    if (blockade !== undefined) return { level: 'failure', message: `${message}; it is ${blockade.cause}`, fix: blockade.fix }
    return { level: 'failure', message: `${message}. A firewall drops UDP port ${port}, or the interface cannot multicast`, fix: `sudo ip link set ${each.interface} multicast on` }
  }
  const heard = each.services?.length ?? 0
  const announced = each.state === 'announced' ? `this node is "${name ?? ''}" there` : 'this node is not announced there'
  return { level: each.state === 'announced' ? 'ok' : 'note', message: `${where}: ${announced}, and has heard ${heard === 0 ? 'no other' : heard === 1 ? 'one other' : `${heard} others`}` }
}

function observeNone ({ interfaces, left }: MdnsStatus): readonly Observation[] {
  if (interfaces.length > 0) return []
  const [first] = left
  if (first === undefined) return [{ level: 'warning', message: 'nobody can be found on a local network: this machine is on none', fix: 'ip -br address' }]
  return [{ level: 'warning', message: `nobody can be found on a local network: all that is there is ${left.join(', ')}, which is not used by default`, fix: `interfaces = ["${first}"]  # below @akshi/plugin-mdns in runtime.toml` }]
}

function observeFirewall ({ cause, fix }: Blockade, port: number): Observation {
  return { level: 'warning', message: `the firewall of this machine may drop UDP port ${port} of others: ${cause}`, fix }
}

function observeContainer ({ interfaces, left }: MdnsStatus, { isContained }: MdnsSurroundings): readonly Observation[] {
  const isAlone = interfaces.every(({ services = [] }) => services.length === 0)
  if (isContained() && isAlone) return [{ level: 'note', message: 'this node runs in a container: multicast does not leave the bridge that Docker puts it on, and no other node is on that', fix: 'docker run --network host ...' }]
  const docker = left.filter((name) => /^(docker|br-|veth|cni|podman)/.test(name))
  if (docker.length === 0 || interfaces.length === 0) return []
  return [{ level: 'note', message: `${docker.join(', ')}: left out, since only containers of this machine are behind. To find nodes in them, name it`, fix: `interfaces = ["${interfaces[0]?.interface ?? ''}", "${docker[0] ?? ''}"]  # below @akshi/plugin-mdns in runtime.toml` }]
}

/** It has sent, and not even its own packets have come back. */
function isDeaf ({ traffic }: MdnsInterfaceStatus): boolean {
  return traffic !== undefined && traffic.sent >= 2 && traffic.heardOwn === 0
}

function readOrEmpty (path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
