import type { Did } from './did.ts'
import type { LogFormat, LogLevel } from './logger.ts'

/** A plugin to load, as written under `[[plugins]]`. */
export interface PluginEntry {
  readonly package: string
  readonly config: Readonly<Record<string, unknown>>
}

/** runtime.toml after all layers, checked and frozen; keys as in the file. */
export interface RuntimeConfig {
  readonly node: { readonly name: string, readonly home: string }
  readonly dashboard: {
    readonly enabled: boolean
    readonly port: number
    readonly bind: string
    readonly token?: string
    readonly auth: boolean
    readonly remote: boolean
    readonly rate_limit: number
    readonly rate_limit_burst: number
  }
  readonly mesh: {
    readonly id: string
    readonly trust: 'known' | 'lan' | 'open'
    readonly peers: readonly {
      readonly name?: string
      readonly node_did: Did
      readonly endpoint?: string
      readonly dashboard_port: number
      readonly wireguard_public_key?: string
    }[]
    readonly sync: {
      readonly interval_secs: number
      readonly batch_size: number
      readonly max_lag_before_full_sync: number
      readonly fallback_after_secs: number
    }
  }
  readonly agents: readonly { readonly name: string, readonly share?: readonly string[] }[]
  readonly telemetry: { readonly log_level: LogLevel, readonly log_format: LogFormat }
  readonly plugins: readonly PluginEntry[]
}
