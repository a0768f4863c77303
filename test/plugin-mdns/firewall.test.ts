import { expect } from 'chai'
import { readBlockade } from '../../packages/plugin-mdns/src/firewall.ts'

/** A rule set with these lines in its input chain, as nft prints it. */
function ruleset (policy: string, ...rules: readonly string[]): string {
  return ['table inet filter {', '\tchain input {', `\t\ttype filter hook input priority 0; policy ${policy};`, ...rules.map((rule) => `\t\t${rule}`), '\t}', '',
    '\tchain forward {', '\t\ttype filter hook forward priority 0; policy drop;', '\t\tudp dport 5353 drop', '\t}', '}'].join('\n')
}

const fix = 'sudo nft insert rule inet filter input udp dport 5353 accept'

describe('readBlockade', () => {
  const closed: readonly [what: string, rules: string, cause: RegExp][] = [
    ['a rule that drops the port', ruleset('accept', 'udp dport 5353 drop'), /"udp dport 5353 drop"/],
    ['a rule that rejects it among others', ruleset('accept', 'iifname "eth0" udp dport { 53, 5353 } counter packets 3 bytes 9 reject'), /53, 5353/],
    ['the first of two rules', ruleset('accept', 'udp dport 5353 drop', 'udp dport 5353 accept'), /drop/],
    ['a policy that no rule softens', ruleset('drop', 'ct state established,related accept', 'tcp dport 22 accept'), /only what it names/],
    ['a last rule that drops all', ruleset('accept', 'tcp dport 22 accept', 'counter packets 7 bytes 9 drop'), /only what it names/]
  ]
  for (const [what, rules, cause] of closed) {
    it(`names ${what}`, () => {
      const found = readBlockade(rules, 5_353)
      expect(found?.cause).to.match(cause)
      expect(found?.fix).to.equal(fix)
    })
  }

  const open: readonly [what: string, rules: string][] = [
    ['no rules', ''],
    ['a policy that lets all in, and other chains that do not', ruleset('accept', 'tcp dport 5353 drop', 'udp dport 53530 drop')],
    ['a rule that lets it in before the policy', ruleset('drop', 'ip daddr 224.0.0.251 udp dport 5353 accept')],
    ['a jump that may let it in', ruleset('drop', 'jump ufw-before-input')],
    ['another port', ruleset('accept', 'udp dport 15353 drop')]
  ]
  for (const [what, rules] of open) {
    it(`finds nothing in ${what}`, () => {
      expect(readBlockade(rules, 5_353)).to.equal(undefined)
    })
  }
})
