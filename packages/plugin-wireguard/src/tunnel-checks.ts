import type { Check, Checks, NodeControl, Observation } from '@akshi/core'
import type { NatKind } from './nat-kind.ts'

export interface TunnelChecksOptions {
  readonly control: Pick<NodeControl, 'peers'>
  /** UDP port of the tunnels. */
  readonly port: number
  /** Why this machine can make no tunnels. */
  readonly whyNone: () => string | undefined
  /** In front of this node. */
  readonly nat: () => NatKind
}

const natMessages: Readonly<Partial<Record<NatKind, string>>> = {
  none: 'this node is seen at its own address: no NAT is in front of it',
  cone: 'the NAT in front of this node keeps its port (endpoint-independent mapping): tunnels through it can be had',
  symmetric: 'the NAT in front of this node takes another port for each destination (symmetric): tunnels come about with peers that have no NAT, envelopes for the others go through a mutual peer',
  nat: 'there is a NAT in front of this node; of which kind, a peer without one could tell'
}

/** What `akshi doctor` hears of tunnels. */
export function addTunnelChecks (checks: Checks, options: TunnelChecksOptions): void {
  checks.add('tunnels', deviceCheck(options))
  checks.add('NAT', natCheck(options))
  checks.add('tunnels', peerCheck(options))
}

function deviceCheck ({ whyNone }: TunnelChecksOptions): Check {
  return () => {
    const reason = whyNone()
    if (reason === undefined) return []
    const fix = /\bapt install \S+/.exec(reason)?.[0]
    return [{ level: 'failure', message: `no tunnels can be made: ${reason}`, ...fix !== undefined && { fix: `sudo ${fix}` } }]
  }
}

function natCheck ({ nat, port }: TunnelChecksOptions): Check {
  return () => {
    const kind = nat()
    if (kind === 'blocked') return [{ level: 'warning', message: `no UDP comes through to this node: a firewall drops it, here or on the way. Envelopes travel over HTTP. If it is the one of this machine, let UDP port ${port} in`, fix: `sudo nft insert rule inet filter input udp dport ${port} accept` }]
    const message = natMessages[kind]
    return message === undefined ? [] : [{ level: kind === 'symmetric' ? 'note' : 'ok', message }]
  }
}

function peerCheck ({ control }: TunnelChecksOptions): Check {
  return () => control.peers().flatMap(({ name, tunnel, path }): readonly Observation[] => {
    if (tunnel === undefined) return []
    if (tunnel.state === 'up') return [{ level: 'ok', message: `the tunnel to ${name} works` }]
    if (tunnel.reason === undefined) return [{ level: 'note', message: `a tunnel to ${name} is being tried` }]
    const isReached = path !== undefined && path.kind !== 'none'
    return [{ level: isReached ? 'note' : 'warning', message: `there is no tunnel to ${name}: ${tunnel.reason}${isReached ? '; envelopes reach it otherwise' : ''}`, fix: `akshi why ${name}` }]
  })
}
