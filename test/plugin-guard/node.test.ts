import { readFile, writeFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { homePaths, isMeshError, type Runtime } from '@akshi/core'
import { expect } from 'chai'
import { failureOf } from '../support/failures.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { drawMixed, alnum } from './adversarial/draws.ts'
import { bodiesUntil, memoryNetwork, startNode } from './guarded-node.ts'

const token = `sk_${'live'}_${drawMixed(alnum, 24)}`
const fingerprintIn = (error: unknown) => /\(([0-9a-f]{16})\)/.exec((error as Error).message)?.[1] ?? ''
const codeAndMessage = (error: unknown) => isMeshError(error) ? [error.code, error.message.replace(/[0-9a-f]{16}/g, 'FINGERPRINT')] : error

async function refused (node: Runtime, body: unknown): Promise<unknown> {
  return await failureOf(() => node.control.append('notes', [{ body }]))
}

describe('plugin-guard in a node', () => {
  it('refuses an entry with a secret at the moment of writing: rule, path and fingerprint, and nothing is written', async () => {
    await using folder = await temporaryFolder()
    await using node = await startNode({ home: folder.path })
    const error = await failureOf(() => node.control.append('notes', [{ body: 'first' }, { body: { steps: [{ output: `charge it to ${token}` }] } }]))
    expect(codeAndMessage(error)).to.deep.equal(['MESH_WRITE_VETOED', 'A plugin refuses to write this: guard: no secrets in the mesh: stripe-key at /body/steps/0/output (FINGERPRINT). If it is no secret: allow = ["FINGERPRINT"]  # under [plugins.config] of plugin-guard in runtime.toml'])
    expect((await node.control.read('notes')).entries).to.deep.equal([])
  })

  it('refuses a change of a state, by a patch and by an agent, and leaves it as it was', async () => {
    await using folder = await temporaryFolder()
    await using node = await startNode({ home: folder.path })
    await node.control.patchState('notes', { plan: 'none' })
    const journal = await node.control.journal('notes')
    const errors = [await failureOf(() => node.control.patchState('notes', { deploy: { env: token } })), await failureOf(() => journal.change((draft) => { draft[token] = 1 }))]
    expect(errors.map((error) => [(error as { code?: string }).code, /: (stripe-key at \S+)/.exec((error as Error).message)?.[1]]))
      .to.deep.equal([['MESH_WRITE_VETOED', 'stripe-key at /state/deploy/env'], ['MESH_WRITE_VETOED', 'stripe-key at /state/(key']])
    expect(node.control.state('notes').value).to.deep.equal({ plan: 'none' })
  })

  it('refuses secrets in the kind of an entry', async () => {
    await using folder = await temporaryFolder()
    await using node = await startNode({ home: folder.path })
    const error = await failureOf(() => node.control.append('notes', [{ kind: token, body: 1 }]))
    expect(String(error)).to.include('stripe-key at /kind')
  })

  it('writes what was allowed by its fingerprint, and nothing else', async () => {
    await using folder = await temporaryFolder()
    let fingerprint = ''
    {
      await using node = await startNode({ home: folder.path })
      fingerprint = fingerprintIn(await refused(node, { a: token }))
    }
    await using node = await startNode({ home: folder.path, guard: { allow: [fingerprint] } })
    await node.control.append('notes', [{ body: { elsewhere: `text and ${token}.` } }])
    const other = await refused(node, token.toLowerCase().replace('sk_', 'rk_'))
    expect([(await node.control.read('notes')).entries.length, (other as { code?: string }).code]).to.deep.equal([1, 'MESH_WRITE_VETOED'])
  })

  it('says nothing of the secret in errors, logs, status and doctor', async () => {
    await using folder = await temporaryFolder()
    const lines: string[] = []
    await using node = await startNode({ home: folder.path, log: (line) => lines.push(line) })
    const errors = [await refused(node, { [token]: token }), await failureOf(() => node.control.patchState('notes', { [token]: { [token]: [token] } }))]
    const said = inspect([errors, lines, node.control.status(), await node.control.doctor()], { depth: 20, maxStringLength: Infinity })
    expect([errors.length, said.includes(token.slice(8)), said.includes('stripe-key')]).to.deep.equal([2, false, true])
  })

  it('refuses its own keys and token in every encoding, without a fingerprint to allow them', async () => {
    await using folder = await temporaryFolder()
    const meshSecret = drawMixed(alnum, 20)
    await using node = await startNode({ home: folder.path, meshSecret })
    const pem = await readFile(homePaths(folder.path).key, 'utf8')
    const apiToken = (await readFile(homePaths(folder.path).token, 'utf8')).trim()
    const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
    const seed = der.subarray(-32)
    const forms: Record<string, unknown> = {
      base64: seed.toString('base64'),
      base64url: seed.toString('base64url'),
      hex: seed.toString('hex'),
      'upper-case hex': seed.toString('hex').toUpperCase(),
      'hex with colons': seed.toString('hex').match(/../g)?.join(':'),
      'a hex dump': seed.toString('hex').match(/.{4}/g)?.join(' '),
      'C array': [...seed].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', '),
      PEM: pem,
      'body of PEM': der.toString('base64'),
      'PEM in base64': Buffer.from(pem).toString('base64'),
      numbers: [...seed],
      'Uint8Array in JSON': JSON.parse(JSON.stringify(new Uint8Array(seed))),
      Buffer: Buffer.from(seed),
      'in the middle of other bytes': Buffer.concat([Buffer.alloc(7, 9), seed, Buffer.alloc(5, 9)]).toString('base64'),
      'in lines of 16': seed.toString('base64').replace(/(.{16})/g, '$1\n'),
      'key of an object': { [seed.toString('base64')]: 1 },
      'JSON in JSON': JSON.stringify(JSON.stringify({ seed: seed.toString('hex') })),
      token: `the token is ${apiToken}.`,
      'token in base64': Buffer.from(`Bearer ${apiToken}`).toString('base64'),
      'token in a URL': `http://127.0.0.1/?t=${encodeURIComponent(apiToken)}`,
      'secret of the mesh': meshSecret
    }
    for (const [name, body] of Object.entries(forms)) {
      const error = await refused(node, { note: body })
      expect(String(error), name).to.match(/: no secrets in the mesh: own-(?:node-key|token|mesh-secret|file) at \/body\/note[^,]*(?:,|$)/)
    }
    await node.control.append('notes', [{ body: { did: node.identity.did, key: Buffer.from(node.identity.publicKey).toString('base64'), hex: Buffer.from(node.identity.publicKey).toString('hex') } }])
  })

  it('passes on what a peer has written with a secret in it, and lets this node write beside it', async () => {
    await using folder = await temporaryFolder()
    const network = memoryNetwork()
    await using mallory = await startNode({ home: folder.join('mallory'), name: 'mallory', network, guard: false })
    await using alpha = await startNode({ home: folder.join('alpha'), name: 'alpha', network })
    await mallory.control.append('notes', [{ body: token }, { body: 'after' }])
    await mallory.control.patchState('notes', { theirs: { env: token } })
    expect(await bodiesUntil(alpha, 'notes', 'after')).to.deep.equal([token, 'after'])
    const journal = await alpha.control.journal('notes')
    for await (const status of journal.watch()) if (status !== undefined && 'theirs' in (journal.state as object)) break
    const { did } = mallory.identity
    await mallory.stop()
    await using beta = await startNode({ home: folder.join('beta'), name: 'beta', network })
    await beta.control.trust(did)
    expect(await bodiesUntil(beta, 'notes', 'after')).to.deep.equal([token, 'after'])
    await alpha.control.patchState('notes', { mine: 1 })
    expect([alpha.control.state('notes').value, (await failureOf(() => alpha.control.patchState('notes', { copy: token })) as { code?: string }).code])
      .to.deep.equal([{ theirs: { env: token }, mine: 1 }, 'MESH_WRITE_VETOED'])
  })

  it('holds back what this node wrote before it had a guard, says so, keeps up the rest, and lets it go when it is allowed', async () => {
    await using folder = await temporaryFolder()
    const network = memoryNetwork()
    const home = folder.join('alpha')
    {
      await using alpha = await startNode({ home, network, guard: false })
      await alpha.control.append('notes', [{ body: { env: token } }])
    }
    await using beta = await startNode({ home: folder.join('beta'), name: 'beta', network, guard: false })
    let fingerprint = ''
    {
      const isHeld = new Promise<void>((resolve) => { lineOf = (line) => { if (line.includes('is held back')) resolve() } })
      await using alpha = await startNode({ home, network, log: (line) => lineOf(line) })
      await alpha.control.append('other', [{ body: 'clean' }])
      await Promise.all([bodiesUntil(beta, 'other', 'clean'), isHeld])
      const [finding] = (await alpha.control.doctor()).filter(({ topic, level }) => topic === 'guard' && level === 'failure')
      fingerprint = /allow = \["([0-9a-f]{16})"\]/.exec(finding?.fix ?? '')?.[1] ?? ''
      expect([(await beta.control.read('notes')).entries, finding?.message.replace(/[0-9A-Z]{26}/, 'ID').replaceAll(fingerprint, 'FP')]).to.deep.equal([[], 'envelope 1 of this node in "notes" (log) is held back, with all that follows: guard: no secrets in the mesh: stripe-key at /ID/body/env (FP). If it is no secret: allow = ["FP"]  # under [plugins.config] of plugin-guard in runtime.toml. If it is one, renew it first'])
    }
    await using alpha = await startNode({ home, network, guard: { allow: [fingerprint] } })
    await alpha.control.append('notes', [{ body: 'next' }])
    expect(await bodiesUntil(beta, 'notes', 'next')).to.deep.equal([{ env: token }, 'next'])
  })

  it('finds keys that another plugin makes after it has started', async () => {
    await using folder = await temporaryFolder()
    await using node = await startNode({ home: folder.path })
    const key = Buffer.from(drawMixed(alnum, 32)).toString('base64')
    await node.control.append('notes', [{ body: { key: 1, listed: Buffer.from(key, 'base64').toString('hex') } }])
    await writeFile(folder.join('security', 'wireguard_key'), `${key}\n`, { mode: 0o600 })
    let error: unknown
    while (error === undefined) error = await refused(node, { listed: Buffer.from(key, 'base64').toString('hex') })
    expect(String(error)).to.include('own-file at /body/listed')
  })
})

let lineOf: (line: string) => void = () => {}
