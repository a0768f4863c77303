import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { ifPossible, print } from './if-possible.ts'
import { LiveNode } from './live-node.ts'
import { NatLab, a, b, pub } from './nat-lab.ts'
import { until } from './until.ts'

const test = ifPossible(NatLab.missing())

const echo = `
export default {
  async execute ({ userMessage, taskId, contextId }, bus) {
    bus.publish({ kind: 'task', data: { id: taskId, contextId, status: { state: 3, timestamp: new Date().toISOString() }, artifacts: [{ artifactId: 'echo', parts: userMessage.parts }], history: [userMessage] } })
  },
  async cancelTask () {}
}
`

describe('agents on nodes behind NATs that let nobody in, with one public node between', function () {
  this.timeout(120_000)

  test('are reached all the same, sealed and through that node; while their own node is off, messages wait', async () => {
    await using folder = await temporaryFolder()
    using lab = new NatLab({ ra: 'random', rb: 'random' })
    const [middle, caller, callee] = await Promise.all([pub, a, b].map((host) => LiveNode.make(lab, host, folder.path))) as [LiveNode, LiveNode, LiveNode]
    const nodes = [middle, caller, callee]
    try {
      for (const node of nodes) {
        const others = nodes.filter((other) => other !== node && other !== middle).map(({ name, did }) => `[[mesh.peers]]\nname = "${name}"\nnode_did = "${did}"`)
        await node.meet(node === middle ? [] : [middle], others)
        await appendFile(join(node.home, 'runtime.toml'), node === middle ? '' : '[[plugins]]\npackage = "@akshi/plugin-a2a"\n')
      }
      await writeFile(join(callee.home, 'echo.mjs'), echo)
      await appendFile(join(callee.home, 'runtime.toml'), '[[agents]]\nname = "echo"\nmodule = "./echo.mjs"\n')
      for (const node of nodes) await node.start()
      await until(async () => (await caller.akshi('agents')).includes('echo'), 60_000, 'the caller knows of the agent')
      const beganAt = performance.now()
      const answer = await caller.akshi('a2a', 'send', `echo@${callee.did}`, 'through', 'the', 'middle')
      print(`an answer through the node between took ${Math.round(performance.now() - beganAt)} ms`)
      expect(answer).to.equal('through the middle\n')
      await callee.kill()
      const sent = JSON.parse(await caller.akshi('a2a', 'send', `echo@${callee.did}`, 'later', '--no-wait', '--json')) as { readonly id: string }
      await until(async () => (await caller.akshi('a2a', 'tasks')).includes('waits for its node'), 30_000, 'it is shown that it waits')
      await callee.start()
      await until(async () => (await caller.akshi('a2a', 'tasks', sent.id)).includes('later => later'), 60_000, 'the message was answered')
    } catch (error) {
      for (const { name, log } of nodes) console.log(`${name} logged:\n${log}`)
      throw error
    } finally {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    }
  })
})
