import { createRequire } from 'node:module'
import { isMeshError, worstFirst, type RuntimeConfig } from '@akshi/core'
import { findRunning, type Invocation } from '../invocation.ts'
import { examineConfig } from './config-findings.ts'
import { examineHome } from './home-findings.ts'
import { failed, found, type LocalFinding } from './local-finding.ts'
import { examinePort } from './port-findings.ts'

/** All that can be told of a node, worst first. */
export interface Examination {
  /** Missing when the configuration cannot be read. */
  readonly node?: { readonly name: string, readonly home: string }
  /** Process id, while it runs. */
  readonly pid?: number
  readonly findings: readonly LocalFinding[]
}

const { engines } = createRequire(import.meta.url)('../../package.json') as { readonly engines: { readonly node: string } }

/** Looks from outside, and asks the node if it runs. */
export async function examine (invocation: Invocation): Promise<Examination> {
  const { loaded, findings } = await examineConfig(invocation)
  const outside = [...findOldNode(process.versions.node, engines.node), ...findings]
  if (loaded === undefined) return { findings: worstFirst(outside) }
  const { config } = loaded
  const home = await examineHome(config, invocation.io.clock, invocation.command('init'))
  const { pid, findings: inside } = await examineNode(invocation, config)
  const all = [...inside, ...home, ...outside].map((finding) => ({ ...finding, ...finding.fix !== undefined && { fix: forThisNode(invocation, finding.fix) } }))
  return { node: config.node, ...pid !== undefined && { pid }, findings: worstFirst(all) }
}

/** A Node that is older than `needed`, e.g. `>=20.19`. */
export function findOldNode (version: string, needed: string): LocalFinding[] {
  const [[major = 0, minor = 0], [least = 0, leastMinor = 0]] = [version, needed].map((text) => (text.match(/\d+/g) ?? []).map(Number)) as [number[], number[]]
  if (major > least || (major === least && minor >= leastMinor)) return []
  return [found('failure', 'node', `Node ${version} is too old: ${needed} is needed`, 'nvm install --lts')]
}

async function examineNode (invocation: Invocation, config: RuntimeConfig): Promise<{ readonly pid?: number, readonly findings: readonly LocalFinding[] }> {
  const running = await findRunning(config).catch(() => undefined)                  // what keeps it from being read is found in the home
  if (running?.url === '') return { pid: running.pid, findings: [found('warning', 'node', 'it runs without a local API, so nothing can be asked of it: no plugin gives it one', 'package = "@akshi/plugin-http"  # under [[plugins]] in runtime.toml')] }
  if (running !== undefined) {
    try {
      return { pid: running.pid, findings: await invocation.withNode((client) => client.doctor()) }
    } catch (error) {
      if (!isMeshError(error, 'MESH_NOT_RUNNING')) return { pid: running.pid, findings: [failed('node', error)] }
    }
  }
  return { findings: [found('warning', 'node', 'no node is running', 'akshi run'), await examinePort(config)] }
}

/** A command as it is to be given here; what is for another machine, or no command of ours, stays as it is. */
function forThisNode (invocation: Invocation, fix: string): string {
  const isFull = fix.includes(' --home ') || fix.includes(' -c ')
  return fix.startsWith('akshi ') && !isFull ? invocation.command(fix.slice('akshi '.length)) : fix
}
