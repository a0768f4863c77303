import { isMeshError } from '@akshi/core'
import plugin from '@akshi/plugin-guard'
import { expect } from 'chai'
import { ConfiguredRules, type RuleSettings } from '../../packages/plugin-guard/src/configured-rules.ts'
import { failureOf } from '../support/failures.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startNode } from './guarded-node.ts'
import { scannerOf } from './support.ts'

const rule = (pattern: string, flags = '', id = 'mine'): RuleSettings => ({ id, pattern, flags })

async function problem (...rules: RuleSettings[]): Promise<string | undefined> {
  const error = await failureOf(() => new ConfiguredRules(rules, new Set(['jwt'])))
  const isInvalid = isMeshError(error) && String(error.code) === 'GUARD_RULE_INVALID'
  return isInvalid ? error.message : undefined
}

describe('rules of the operator', () => {
  it('find what they say, with their flags, and the group "secret" if there is one', () => {
    const scanner = scannerOf({ rules: [rule('ACME-(?<secret>\\d{6})', 'i'), rule('^internal$', 'm', 'lines')] })
    expect(scanner.scan({ a: 'acme-123456', b: ['x\ninternal\ny', 'internally'] }).map(({ rule, path }) => [rule, path])).to.deep.equal([['mine', '/a'], ['lines', '/b/0']])
  })

  it('are refused when they do not compile, find the empty text, or take the id of another', async () => {
    expect(await problem(rule('a(b'))).to.match(/^The rule "mine" of plugin-guard cannot be used: Invalid regular expression.*\[\[plugins.config.rules\]\] in runtime.toml\.$/)
    expect(await problem(rule('a*'))).to.include('it finds the empty text')
    expect([await problem(rule('a', '', 'jwt')), await problem(rule('a'), rule('b'))].map((text) => text?.includes('the id is taken'))).to.deep.equal([true, true])
  })

  it('are refused when they take for ever', async () => {
    for (const pattern of ['(a+)+$', '(?:a|a)+!', '(\\w*)*\\d!', '([a-z]+-?)+!$']) expect(await problem(rule(pattern)), pattern).to.include('it takes more than 0.2 s')
  }).timeout(20_000)

  it('are ended in time when a text shows only later that they do, and the text is refused', () => {
    const scanner = scannerOf({ rules: [rule('(?:xyz|x|yz)+!')] })
    expect(scanner.scan({ a: 'xyz'.repeat(2_000) })).to.deep.equal([{ rule: 'mine-too-slow', path: '/a' }])
  }).timeout(5_000)

  it('that cannot be used keep a node from starting, with the reason', async () => {
    await using folder = await temporaryFolder()
    const error = await failureOf(() => startNode({ home: folder.path, guard: { rules: [rule('(')] } }))
    expect(isMeshError(error, 'MESH_PLUGIN_START_FAILED') && error.message).to.include('The rule "mine" of plugin-guard cannot be used')
  })

  it('are a part of the schema', () => {
    expect(Object.keys(plugin.config.properties)).to.deep.equal(['rules', 'allow', 'values_from_env'])
  })
})
