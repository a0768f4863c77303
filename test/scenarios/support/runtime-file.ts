import type { Did } from '@akshi/core'

/** An entry of `[[mesh.peers]]`; without a port the node is trusted, but where it is must be found out. */
export interface PeerEntry {
  readonly did: Did
  readonly name: string
  readonly port?: number
}

/** How a node of a lab differs from the rest. */
export interface NodeOptions {
  /** Default `known`. */
  readonly trust?: 'known' | 'lan' | 'open'
  /** Whether it is on the lab's mDNS group, on loopback. Default false. */
  readonly mdns?: boolean
  /** Its shared folder: the lab's, or one where nobody else is (the default). */
  readonly folder?: 'lab' | 'own'
  readonly peers?: readonly PeerEntry[]
  readonly agents?: readonly { readonly name: string, readonly share: readonly string[] }[]
  /** `mesh.sync.interval_secs`. Default 1. */
  readonly intervalSecs?: number
  /** More plugins, as `[[plugins]] package`. */
  readonly plugins?: readonly string[]
  /** Those of them without which the node must not run. */
  readonly requiredPlugins?: readonly string[]
}

/** What all nodes of a lab have in common. */
export interface LabSettings {
  readonly meshId: string
  readonly mdnsPort: number
  readonly sharedDir: string
}

// A JSON string, number or array of strings is TOML too.
const text = JSON.stringify

/** The runtime.toml of a node: on a free port of loopback, and quick to notice things. */
export function runtimeFile (name: string, home: string, lab: LabSettings, options: NodeOptions = {}): string {
  const { trust = 'known', mdns = false, folder = 'own', peers = [], agents = [], intervalSecs = 1, plugins = [], requiredPlugins = [] } = options
  return [
    '[node]', `name = ${text(name)}`, `home = ${text(home)}`,
    '[dashboard]', 'bind = "127.0.0.1"', 'port = 0',
    '[mesh]', `id = ${text(lab.meshId)}`, `trust = ${text(trust)}`,
    '[mesh.sync]', `interval_secs = ${intervalSecs}`, 'fallback_after_secs = 0.5',
    ...peers.flatMap(peerLines),
    ...agents.flatMap(({ name, share }) => ['[[agents]]', `name = ${text(name)}`, `share = ${text(share)}`]),
    '[[plugins]]', 'package = "@akshi/plugin-http"',
    '[[plugins]]', 'package = "@akshi/plugin-fs"', '[plugins.config]', 'poll_interval_secs = 0.2',
    ...folder === 'lab' ? [`dir = ${text(lab.sharedDir)}`] : [],
    ...mdns ? ['[[plugins]]', 'package = "@akshi/plugin-mdns"', '[plugins.config]', 'interfaces = ["127.0.0.1"]', `port = ${lab.mdnsPort}`] : [],
    ...plugins.flatMap((plugin) => ['[[plugins]]', `package = ${text(plugin)}`, ...requiredPlugins.includes(plugin) ? ['required = true'] : []]),
    ''
  ].join('\n')
}

function peerLines ({ did, name, port }: PeerEntry): string[] {
  const place = port === undefined ? [] : ['endpoint = "127.0.0.1"', `dashboard_port = ${port}`]
  return ['[[mesh.peers]]', `name = ${text(name)}`, `node_did = ${text(did)}`, ...place]
}
