import { describeError, type Address, type Check, type Did, type NodeControl, type NodeSettings, type Observation, type Prober } from '@akshi/core'
import { isLoopback } from './access.ts'
import { printAddress } from './address-race.ts'

export interface PortChecksOptions {
  readonly own: Did
  readonly dashboard: NodeSettings['dashboard']
  readonly control: Pick<NodeControl, 'peers'>
  readonly prober: Prober
  /** Where this machine reaches the port; nothing while it is closed. */
  readonly address: () => Address | undefined
  /** Addresses of this node inside tunnels. */
  readonly inside: () => readonly string[]
}

/** Whether the node's port shows the node's own key, by dialling it. */
export function portCheck ({ own, prober, address }: PortChecksOptions): Check {
  return async (signal) => {
    const place = address()
    if (place === undefined) return []
    try {
      await prober.prove(own, place, signal)
      return [{ level: 'ok', message: `${printAddress(place)} answers with this node's certificate` }]
    } catch (error) {
      signal.throwIfAborted()
      return [{ level: 'failure', message: `this node cannot be dialled at its own port ${printAddress(place)}, not even by itself: ${describeError(error)}` }]
    }
  }
}

/** What `[dashboard]` lets others do, or keeps them from doing. */
export function settingsCheck ({ dashboard: { bind, auth, remote }, control, inside }: PortChecksOptions): Check {
  return () => {
    const found: Observation[] = []
    const isClosed = bind === 'localhost' || isLoopback(bind)
    const far = control.peers().find(({ trust, addresses }) => trust === 'trusted' && addresses.some(({ host }) => host !== 'localhost' && !isLoopback(host)))
    if (isClosed && far !== undefined && inside().length === 0) found.push({ level: 'warning', message: `this node listens on ${bind} only: ${far.name} and others on other machines cannot dial it`, fix: setting('bind = "0.0.0.0"') })
    if (!auth) found.push({ level: 'warning', message: 'the local API asks for no token (dashboard.auth = false): whoever can run a program on this machine controls the node', fix: setting('auth = true') })
    if (remote && !isClosed) found.push({ level: 'warning', message: 'the local API answers other machines (dashboard.remote = true): over plain HTTP the token crosses the network in clear', fix: setting('remote = false') })
    return found
  }
}

function setting (line: string): string {
  return `${line}  # under [dashboard] in runtime.toml`
}
