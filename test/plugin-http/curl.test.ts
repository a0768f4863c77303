import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { createCertificate } from '@akshi/plugin-http'
import { makeEnvelope, TestNode, token } from './fixture.ts'

const run = promisify(execFile)

describe('curl', () => {
  let node: TestNode
  let folder: string
  before(async function () {
    if (!await run('curl', ['--version']).then(() => true, () => false)) return this.skip()      // there is no curl on this machine
    folder = mkdtempSync(join(tmpdir(), 'curl-'))
    node = await new TestNode().start()
    writeFileSync(join(folder, 'node.crt'), createCertificate(node.identity).pem)
    writeFileSync(join(folder, 'node_key.pem'), node.identity.privateKey.export({ format: 'pem', type: 'pkcs8' }))
  })
  after(async () => {
    if (folder === undefined) return
    rmSync(folder, { recursive: true })
    await node.stop()
  })

  const curl = async (...args: string[]) => (await run('curl', ['-s', '-S', '-k', '-w', ' %{http_code}', ...args], { cwd: folder })).stdout
  const own = ['--cert', 'node.crt', '--key', 'node_key.pem']

  it('reads and pushes envelopes with the node\'s own certificate', async () => {
    const envelope = makeEnvelope(node.identity, 'notes', 1)
    node.receiver.served = [envelope]
    const payload = Buffer.from(envelope.bytes).toString('base64')
    const url = `https://127.0.0.1:${node.port}/api/v1/sync/envelopes`
    const read = await curl(...own, `${url}?agent=notes`)
    const pushed = await curl(...own, '-H', 'content-type: application/json', '-d', JSON.stringify({ peer_id: node.identity.did, envelopes: [{ payload }] }), url)
    expect([read.includes(payload), pushed]).to.deep.equal([true, '{"accepted":1,"rejected":0,"results":[{"status":"stored"}]} 200'])
  })

  it('is told what it lacks without the certificate', async () => {
    const answer = await curl(`https://127.0.0.1:${node.port}/api/v1/sync/envelopes?agent=notes`)
    expect([answer.includes('--cert node.crt'), answer.slice(-4)]).to.deep.equal([true, ' 401'])
  })

  it('is answered 413 for 10 MB', async () => {
    writeFileSync(join(folder, 'large'), Buffer.alloc(10_000_000))
    const answer = await curl(...own, '-H', 'content-type: application/cbor-seq', '--data-binary', '@large', `https://127.0.0.1:${node.port}/api/v1/sync/envelopes`)
    expect(answer.slice(-4)).to.equal(' 413')
  })

  it('uses the local API with the token', async () => {
    expect(await curl('-H', `authorization: Bearer ${token}`, `http://127.0.0.1:${node.port}/api/v1/status`)).to.equal('{"from":"status"} 200')
  })
})
