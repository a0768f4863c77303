import { expect } from 'chai'
import type { DhtEntry, DhtStatus } from '@akshi/plugin-dht'
import { Lab } from '../scenarios/support/lab.ts'
import type { LabNode } from '../scenarios/support/lab-node.ts'

describe('processes that know one node of a DHT', function () {
  this.timeout(60_000)

  it('find each other and sync; --dht-bootstrap and akshi dht work; they stop cleanly', async () => {
    await using lab = await Lab.create()
    const [first, second] = [await lab.home('first'), await lab.home('second')]
    await first.configureWith(configOf(first, lab.meshId, ['serve = true']))
    await second.configureWith(configOf(second, lab.meshId, []))
    await first.start()
    const { port } = await answer<DhtStatus>(first, 'status')
    await second.start('--dht-bootstrap', `127.0.0.1:${port}`)
    await lab.linked([first, second])
    await first.append('notes', 'one')
    await second.append('notes', 'two')
    await lab.agree([first, second], 'notes', ['one', 'two'])

    expect((await second.peer(first))?.sources).to.deep.equal(['dht'])
    await lab.eventually(async () => expect((await answer<DhtStatus>(second, 'status')).copies).to.equal(1))
    const { members } = await answer<{ readonly members: readonly DhtEntry[] }>(second, 'members')
    expect(members.map(({ did }) => did)).to.deep.equal([first.did])
    expect((await answer<DhtEntry>(first, 'lookup', second.did)).addresses).to.deep.equal([{ host: '127.0.0.1', port: second.port }])
    expect((await first.cli('dht', 'status')).stdout).to.match(/^state {4}joined, 1 node known/)
    expect((await first.cli('dht', 'lookup', 'nonsense')).code).to.equal(9)
    for (const node of [second, first]) await node.stop()
  })

  it('say why they cannot join, and run without a DHT whose port is taken', async () => {
    await using lab = await Lab.create()
    const [first, second, third] = [await lab.home('first'), await lab.home('second'), await lab.home('third')]
    await first.configureWith(configOf(first, lab.meshId, ['bootstrap = ["127.0.0.1:1"]']))
    await first.start()
    await lab.eventually(async () => expect((await answer<DhtStatus>(first, 'status')).tries?.[0]?.error).to.match(/ECONNREFUSED/))
    expect((await first.cli('doctor')).stdout.replaceAll(/\s+/g, ' ')).to.match(/DHT.* no bootstrap node answers: 127\.0\.0\.1:1/)
    const { port } = await answer<DhtStatus>(first, 'status')
    await second.configureWith(configOf(second, lab.meshId, ['serve = true'], port))
    await second.start()
    expect((await second.status()).plugins.find(({ name }) => name === 'dht')?.reason).to.match(new RegExp(`^plugin "dht" .* failed to start: Something listens on port ${port} already`))
    expect((await second.cli('doctor')).stdout.replaceAll(/\s+/g, ' ')).to.match(/Something listens on port \d+ already.* The node runs without it/)
    expect((await second.cli('dht', 'status')).stderr).to.include('does not run any more').and.include(`port ${port}`)
    await third.configureWith(configOf(third, lab.meshId, ['bootstrap = ["nowhere"]']))
    expect((await third.cli('run')).code).to.equal(3)
    await Promise.all([first.stop(), second.stop()])
  })
})

function configOf ({ name, home }: LabNode, meshId: string, dht: readonly string[], port = 0): string {
  return [
    '[node]', `name = "${name}"`, `home = "${home}"`, '[dashboard]', 'port = 0', 'bind = "127.0.0.1"', '[mesh]', `id = "${meshId}"`, 'trust = "open"', 'secret = "the secret of the laboratory"',
    '[[plugins]]', 'package = "@akshi/plugin-http"', '[[plugins]]', 'package = "@akshi/plugin-dht"', '[plugins.config]', 'bind = "127.0.0.1"', `listen_port = ${port}`, ...dht, ''
  ].join('\n')
}

async function answer<Answer> (node: LabNode, ...words: readonly string[]): Promise<Answer> {
  const { code, stdout, stderr } = await node.cli('dht', ...words, '--json')
  if (code !== 0) throw new Error(`akshi dht ${words.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as Answer
}
