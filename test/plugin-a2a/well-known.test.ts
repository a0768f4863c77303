import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { A2aNode } from './support/a2a-node.ts'
import { EchoAgent } from './support/echo-agent.ts'
import { echoCard } from './support/two-nodes.ts'

interface Card { readonly name: string, readonly skills: readonly { readonly id: string }[], readonly supportedInterfaces?: readonly { readonly url: string }[] }

async function wellKnownOf (node: A2aNode) {
  const get = (name: string) => fetch(`${node.url}/.well-known/${name}`)
  const card = await (await get('agent-card.json')).json() as Card
  const did = await (await get('did.json')).json() as { id: string, verificationMethod: { publicKeyMultibase: string }[], service: { id: string, agent?: string }[] }
  return { card, did, page: await (await get('agents.md')).text() }
}

describe('what a node says of itself to everybody', () => {
  it('names no agent unless one is public', async () => {
    await using folder = await temporaryFolder()
    await using node = await A2aNode.make(folder.path, 'alpha')
    node.a2a.registerAgent('hidden', echoCard, new EchoAgent())
    await node.start()
    const { card, did, page } = await wellKnownOf(node)
    expect([JSON.stringify({ card, did, page }).includes('hidden'), card.name, card.skills, did.id, did.verificationMethod[0]?.publicKeyMultibase, page.includes('None is public')])
      .to.deep.equal([false, 'alpha', [], node.did, node.did.slice(8), true])
  })

  it('is the card of its only public agent, and of several a card with the skills of all', async () => {
    await using folder = await temporaryFolder()
    await using node = await A2aNode.make(folder.path, 'alpha')
    node.a2a.registerAgent('hidden', echoCard, new EchoAgent())
    node.a2a.registerAgent('echo', echoCard, new EchoAgent(), { allow: ['public'] })
    await node.start()
    const one = await wellKnownOf(node)
    node.a2a.registerAgent('more', echoCard, new EchoAgent(), { allow: ['public'] })
    await node.fetch(`${node.base(node, 'more')}.well-known/agent-card.json`)
    const two = await wellKnownOf(node)
    expect([one.card.name, one.card.supportedInterfaces?.[0]?.url, two.card.name, two.card.skills.map(({ id }) => id), two.did.service.map(({ id, agent }) => [id.replace(node.did, ''), agent]), two.page.includes('## more')]).to.deep.equal([
      'echo', `${node.base(node, 'echo')}rpc`, 'alpha', ['echo/repeat', 'more/repeat'],
      [['#mesh', undefined], ['#agent-echo', agentDid(node, 'echo')], ['#agent-more', agentDid(node, 'more')]], true
    ])
  })

  it('cannot be given headings, links or code by the words of an agent', async () => {
    await using folder = await temporaryFolder()
    await using node = await A2aNode.make(folder.path, 'alpha')
    node.a2a.registerAgent('echo', { description: 'fine\n# Not [a link](http://x) `code`' }, new EchoAgent(), { allow: ['public'] })
    await node.start()
    expect((await wellKnownOf(node)).page).to.include('fine \\# Not \\[a link\\](http://x) \\`code\\`')
  })
})

function agentDid ({ runtime: { identity } }: A2aNode, name: string): string {
  return identity.agentDid(name)
}

describe('a node without agents', () => {
  it('does not load the SDK', async () => {
    await using folder = await temporaryFolder()
    const hook = 'export async function resolve(s,c,n){const r=await n(s,c);if(r.url.includes("a2a-js"))console.error("SDK "+r.url);return r}'
    const register = `import{register}from"node:module";register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)})`
    const akshi = fileURLToPath(new URL('../../packages/cli/bin/akshi.js', import.meta.url))
    const { home } = await A2aNode.make(folder.path, 'solo')
    const loaded = async (toml: string) => {
      await writeFile(join(home, 'runtime.toml'), `[dashboard]\nport = 0\nbind = "127.0.0.1"\n${toml}\n[[plugins]]\npackage = "@akshi/plugin-http"\n[[plugins]]\npackage = "@akshi/plugin-a2a"\n`)
      const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(register)}`, akshi, 'run', '--json', '--home', home], { cwd: home, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
      let said = ''
      if (child.stderr === null || child.stdout === null) throw new TypeError('no output')
      child.stderr.on('data', (chunk) => { said += String(chunk) })
      await once(child.stdout, 'data')
      child.kill()
      await once(child, 'close')
      return said.includes('SDK ')
    }
    expect([await loaded(''), await loaded('[[agents]]\nname = "far"\nurl = "http://127.0.0.1:1/"')]).to.deep.equal([false, true])
  }).timeout(60_000)
})
