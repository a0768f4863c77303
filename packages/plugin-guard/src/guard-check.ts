import type { Announcer, Check, Observation } from '@akshi/core'
import { allowLine, describeFindings, type Guard } from './guard.ts'
import type { Scanner } from './scanner.ts'
import { minSecretLength } from './secret-forms.ts'

export interface GuardCheckOptions {
  readonly guard: Pick<Guard, 'held'>
  readonly scanner: Pick<Scanner, 'scan'>
  readonly announcer: Pick<Announcer, 'current'>
  /** What `values_from_env` names, and the values that are there. */
  readonly names: readonly string[]
  readonly env: ReadonlyMap<string, string>
  readonly rules: number
  readonly allow: readonly string[]
}

const manyAllowed = 50

/** What an operator should know of the guard: what it holds back, and where it looks at less than it was meant to. */
export function guardCheck (options: GuardCheckOptions): Check {
  const { rules, allow, env } = options
  return () => [
    ...heldOf(options), ...announcedOf(options), ...unsetOf(options), ...allowedOf(options),
    { level: 'ok', message: `what this node writes is looked at: ${rules} rules, ${env.size} values of the environment, ${allow.length} fingerprints allowed` }
  ]
}

function heldOf ({ guard, allow }: GuardCheckOptions): Observation[] {
  return guard.held.map(({ feed: { journal, part }, seq, findings }) => {
    const fingerprints = findings.flatMap(({ fingerprint }) => fingerprint ?? [])
    const message = `envelope ${seq} of this node in "${journal}" (${part}) is held back, with all that follows: ${describeFindings(findings)}. If it is one, renew it first`
    return { level: 'failure', message, ...fingerprints.length === findings.length && { fix: allowLine([...allow, ...fingerprints]) } }
  })
}

function announcedOf ({ scanner, announcer }: GuardCheckOptions): Observation[] {
  const { name, capabilities, agents, extra } = announcer.current().announcement
  const findings = scanner.scan({ name, capabilities, agents, extra })
  return findings.length === 0 ? [] : [{ level: 'failure', message: `this node announces to everybody what looks like a secret: ${describeFindings(findings)}` }]
}

function unsetOf ({ names, env }: GuardCheckOptions): Observation[] {
  const unset = names.filter((name) => (env.get(name)?.length ?? 0) < minSecretLength)
  if (unset.length === 0) return []
  const set = names.filter((name) => !unset.includes(name))
  return [{
    level: 'warning',
    message: `values_from_env names ${unset.join(', ')}: not set for this node, or shorter than ${minSecretLength} characters, so not looked for`,
    fix: `values_from_env = ${JSON.stringify(set)}  # under [plugins.config] of plugin-guard in runtime.toml`
  }]
}

function allowedOf ({ allow }: GuardCheckOptions): Observation[] {
  if (allow.length <= manyAllowed) return []
  return [{ level: 'warning', message: `${allow.length} fingerprints are allowed: a rule that is wrong so often should be told to the authors of the guard, and old ones taken out` }]
}
