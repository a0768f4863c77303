import { readFile, stat, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { KnownNodesFile } from '../../packages/plugin-dht/src/known-nodes-file.ts'
import { lineLogger } from '../support/line-logger.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const nodes = [{ peer: 'a', addresses: ['/ip4/203.0.113.7/tcp/4211'] }]

describe('KnownNodesFile', () => {
  it('reads what was written, in a file that nobody else reads', async () => {
    await using folder = await temporaryFolder()
    const file = new KnownNodesFile(folder.path, lineLogger().logger)
    expect(await file.read()).to.deep.equal([])
    await file.write(nodes)
    expect(await file.read()).to.deep.equal(nodes)
    expect((await stat(folder.join('dht-nodes.json'))).mode & 0o777).to.equal(0o600)
  })

  it('takes what makes sense of a file, and says once when it cannot be read or written', async () => {
    await using folder = await temporaryFolder()
    const { logger, lines } = lineLogger()
    const file = new KnownNodesFile(folder.path, logger)
    await writeFile(folder.join('dht-nodes.json'), JSON.stringify([1, null, { peer: 'b' }, { peer: 1, addresses: [] }, { peer: 'c', addresses: [1] }, ...nodes]))
    expect(await file.read()).to.deep.equal(nodes)
    await writeFile(folder.join('dht-nodes.json'), '{')
    expect(await file.read()).to.deep.equal([])
    await new KnownNodesFile(folder.join('absent'), logger).write(nodes)
    expect(lines.length).to.equal(1)
    expect(await readFile(folder.join('dht-nodes.json'), 'utf8')).to.equal('{')
  })
})
