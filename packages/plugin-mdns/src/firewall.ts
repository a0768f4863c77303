import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A rule set of this machine that keeps mDNS out. */
export interface Blockade {
  /** What does it, for people: a rule, or a policy. */
  readonly cause: string
  /** The command that lets it in. */
  readonly fix: string
}

interface Chain {
  readonly table: string
  readonly name: string
  /** Whether packets that come in start here, and what becomes of those that no rule decides on. */
  readonly isInput: boolean
  readonly policy: string
  readonly rules: string[]
}

/**
 * What of the machine's own firewall drops UDP to a port, by its nftables rules (also those that iptables-nft made). Nothing
 * when there is no such rule, or the rules cannot be read, which takes root.
 */
export async function findBlockade (port: number, signal: AbortSignal): Promise<Blockade | undefined> {
  try {
    const { stdout } = await promisify(execFile)('nft', ['--numeric', 'list', 'ruleset'], { signal })
    return readBlockade(stdout, port)
  } catch {
    signal.throwIfAborted()
  }
}

/** The same, of a rule set as `nft --numeric list ruleset` prints it. A jump is not followed: what it leads to may let the port in. */
export function readBlockade (ruleset: string, port: number): Blockade | undefined {
  for (const chain of readChains(ruleset).filter(({ isInput }) => isInput)) {
    const fix = `sudo nft insert rule ${chain.table} ${chain.name} udp dport ${port} accept`
    const named = chain.rules.find((rule) => names(rule, port))
    const verdict = named === undefined ? undefined : /\b(accept|drop|reject)\b/.exec(named)?.[1]
    if (verdict === 'drop' || verdict === 'reject') return { cause: `the rule "${named}" of ${chain.table} ${chain.name}`, fix }
    const isOpen = verdict === 'accept' || chain.rules.some((rule) => /\b(jump|goto)\b/.test(rule))
    const last = chain.rules.find((rule) => /^(counter( packets \d+ bytes \d+)? )?(drop|reject)\b/.test(rule))
    if (!isOpen && (chain.policy === 'drop' || last !== undefined)) return { cause: `${chain.table} ${chain.name}, which lets in only what it names`, fix }
  }
}

function readChains (ruleset: string): readonly Chain[] {
  const chains: Chain[] = []
  let table = ''
  for (const line of ruleset.split('\n').map((text) => text.trim())) {
    const [, family, tableName] = /^table (\S+) (\S+) \{/.exec(line) ?? []
    const [, chainName] = /^chain (\S+) \{/.exec(line) ?? []
    const [, hook, policy] = /^type \S+ hook (\S+) .*?(?:policy (\w+);)?$/.exec(line) ?? []
    const chain = chains.at(-1)
    if (family !== undefined) table = `${family} ${tableName}`
    else if (chainName !== undefined) chains.push({ table, name: chainName, isInput: false, policy: 'accept', rules: [] })
    else if (hook !== undefined && chain !== undefined) chains[chains.length - 1] = { ...chain, isInput: hook === 'input', policy: policy ?? 'accept' }
    else if (line !== '' && line !== '}') chain?.rules.push(line)
  }
  return chains
}

/** Whether a rule is about UDP to this port. */
function names (rule: string, port: number): boolean {
  const [, one, several] = /udp dport (?:(\d+)\b(?!-)|\{([^}]*)\})/.exec(rule) ?? []
  return (one ?? several ?? '').split(',').some((each) => Number(each) === port)
}
