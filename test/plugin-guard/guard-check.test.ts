import { expect } from 'chai'
import { guardCheck, type GuardCheckOptions } from '../../packages/plugin-guard/src/guard-check.ts'
import { alnum, drawMixed } from './adversarial/draws.ts'
import { startNode } from './guarded-node.ts'
import { scannerOf } from './support.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const token = `hf_${drawMixed(alnum, 34)}`

async function findings (options: Partial<GuardCheckOptions> & { readonly extra?: object }): Promise<unknown> {
  const announcer = { current: () => ({ announcement: { name: 'alpha', capabilities: [], agents: [], extra: options.extra ?? {} } }) } as never
  const check = guardCheck({ guard: { held: [] }, scanner: scannerOf(), announcer, names: [], env: new Map(), rules: 40, allow: [], ...options })
  return (await check(new AbortController().signal)).map(({ level, message, fix }) => [level, message.replace(/[0-9a-f]{16}/g, 'FP'), ...fix === undefined ? [] : [fix]])
}

const ok = (env: number, allow: number) => ['ok', `what this node writes is looked at: 40 rules, ${env} values of the environment, ${allow} fingerprints allowed`]

describe('guard of akshi doctor', () => {
  it('says that the guard is there, and what it looks for', async () => {
    expect(await findings({})).to.deep.equal([ok(0, 0)])
  })

  it('warns of variables that are not set or too short, with the line that names the others', async () => {
    expect(await findings({ names: ['A', 'B', 'C'], env: new Map([['A', 'long enough'], ['B', 'short']]) })).to.deep.equal([
      ['warning', 'values_from_env names B, C: not set for this node, or shorter than 8 characters, so not looked for', 'values_from_env = ["A"]  # under [plugins.config] of plugin-guard in runtime.toml'],
      ok(2, 0)
    ])
  })

  it('warns of many fingerprints', async () => {
    const allow = Array.from({ length: 51 }, (_, n) => n.toString(16).padStart(16, '0'))
    expect(await findings({ allow })).to.deep.equal([['warning', '51 fingerprints are allowed: a rule that is wrong so often should be told to the authors of the guard, and old ones taken out'], ok(0, 51)])
  })

  it('fails when the node announces a secret', async () => {
    expect(await findings({ extra: { wireguard: { key: token } } })).to.deep.equal([
      ['failure', 'this node announces to everybody what looks like a secret: guard: no secrets in the mesh: huggingface-token at /extra/wireguard/key (FP). If it is no secret: allow = ["FP"]  # under [plugins.config] of plugin-guard in runtime.toml'],
      ok(0, 0)
    ])
  })

  it('is asked by a node, which finds nothing wrong in its own announcement', async () => {
    await using folder = await temporaryFolder()
    await using node = await startNode({ home: folder.path, guard: { values_from_env: ['AKSHI_TEST_IS_NOT_SET'] } })
    expect((await node.control.doctor()).filter(({ topic }) => topic === 'guard').map(({ level }) => level)).to.deep.equal(['warning', 'ok'])
  })
})
