import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { createNode, ensureIdentity, homePaths, isMeshError, systemClock } from '@akshi/core'
import { MemoryNetwork, seededRandom } from '@akshi/testkit'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('createNode with nothing but a home', () => {
  it('makes two nodes in one process that find each other and have one journal', async () => {
    await using folder = await temporaryFolder()
    const network = new MemoryNetwork({ clock: systemClock, random: seededRandom(1) })
    const start = async (name: string) => {
      const home = join(folder.path, name)
      const { identity: { did } } = await ensureIdentity(homePaths(home).key)
      const node = await createNode({ home, settings: { 'node.name': name, 'mesh.trust': 'open' }, plugins: [{ plugin: network.transport(did) }, { plugin: network.discovery(did) }] })
      await node.start()
      return node
    }
    await using alpha = await start('alpha')
    await using beta = await start('beta')
    const arrivals = beta.control.tail('notes')[Symbol.asyncIterator]()
    const arrival = arrivals.next()
    await alpha.control.append('notes', [{ body: 'hello' }])
    expect(((await arrival).value as { entry: { body: unknown } }).entry.body).to.equal('hello')
    await arrivals.return?.()
  })

  it('makes the key once, and takes what its runtime.toml says', async () => {
    await using folder = await temporaryFolder()
    const home = join(folder.path, 'solo')
    await mkdir(home)
    await writeFile(join(home, 'runtime.toml'), '[node]\nname = "written"\n')
    const names: unknown[] = []
    for (let life = 0; life < 2; life++) {
      await using node = await createNode({ home, plugins: [] })
      await node.start()
      names.push([node.control.status().name, node.identity.did])
    }
    expect([names[0], (names[0] as string[])[0]]).to.deep.equal([names[1], 'written'])
  })

  it('says what is wrong with its configuration', async () => {
    await using folder = await temporaryFolder()
    const error = await createNode({ home: folder.path, settings: { 'mesh.trsut': 'open' }, plugins: [] }).then(() => undefined, (error: unknown) => error)
    expect([isMeshError(error, 'MESH_CONFIG_INVALID'), String(error).includes('mesh.trust')]).to.deep.equal([true, true])
  })
})
