import { expect } from 'chai'
import type { Finding } from '@akshi/core'
import { Lab } from './support/lab.ts'
import type { LabNode } from './support/lab-node.ts'
import { writePlugin } from './support/plugin-file.ts'

/** Misbehaves as the body of an entry of the journal "orders" says; also at once, and outside of every call that core makes. */
const obedient = `setup ({ hooks }) {
    const deeds = {
      throw () { setTimeout(() => { throw new Error('out of coffee') }, 1) },
      reject () { setTimeout(() => { Promise.reject(new Error('out of milk')) }, 1) },
      block () { setTimeout(function grind () { const end = Date.now() + 2500; while (Date.now() < end) Math.sqrt(2) }, 1) },
      hang () { setTimeout(function grindForEver () { for (;;) Math.sqrt(2) }, 1) },
      leak () { setInterval(() => {}, 1000) }
    }
    hooks.beforeWrite.tap('barista', ({ journal, body }) => { if (journal === 'orders') deeds[body]?.() })
    return {}
  }`

describe('a plugin of a running node', function () {
  this.timeout(60_000)
  let lab: Lab
  let node: LabNode
  before(async () => { lab = await Lab.create() })
  beforeEach(async () => {
    node = await lab.home('alpha')
    await writePlugin(node, 'barista', obedient)
  })
  afterEach(() => node.kill())
  after(() => lab[Symbol.asyncDispose]())

  const start = async (required = false) => {
    await node.configure({ plugins: ['./barista.mjs'], ...required && { requiredPlugins: ['./barista.mjs'] } })
    await node.start()
  }
  const barista = async () => (await node.status()).plugins.find(({ name }) => name === 'barista')
  const notices = async () => (await node.status()).notices.map(({ code, message }) => `${code} ${message}`)

  for (const [deed, what] of [['throw', 'out of coffee'], ['reject', 'out of milk']] as const) {
    it(`that lets ${deed === 'throw' ? 'an error' : 'a rejection'} go uncaught is stopped and named, and the node goes on`, async () => {
      await start()
      await node.append('orders', deed)
      await lab.eventually(async () => expect((await barista())?.state).to.equal('failed'))
      expect((await barista())?.reason).to.equal(`plugin "barista" (./barista.mjs) failed: nobody caught what it threw: ${what}`)
      await node.append('orders', deed)                       // nobody listens any more
      const found = await node.api<readonly Finding[]>('GET', '/doctor')
      expect(found.find(({ message }) => message.includes(what))).to.include({ level: 'warning', topic: 'notices' })
      await node.stop()
    })
  }

  it('that the node requires takes it down when it fails, in order', async () => {
    await start(true)
    const [order, code] = [node.append('orders', 'throw').catch(() => {}), await node.ends()]
    expect(code).to.equal(6)
    await order
    expect(node.log).to.include('plugin "barista" (./barista.mjs) failed: nobody caught what it threw: out of coffee').and.include('MESH_PLUGIN_FAILED')
  })

  it('that keeps the node from everything else is named, with the function and the line', async () => {
    await start()
    await node.append('orders', 'block')
    await lab.eventually(async () => expect((await notices()).join('\n')).to.match(/MESH_PLUGIN_BLOCKED plugin "barista" \(\.\/barista\.mjs\) keeps the whole node waiting, for more than a second at a stretch: grind \(.*\/barista\.mjs:\d+\)/))
    expect((await barista())?.state).to.equal('running')
  })

  it('that never lets go is named while it holds the node', async () => {
    await start()
    const order = node.append('orders', 'hang').catch(() => {})
    await lab.eventually(async () => expect(node.log).to.match(/plugin "barista" has kept this node from everything else for \d+ s, and still does: grindForEver \(.*\/barista\.mjs:\d+\)/), 40_000)
    await node.kill()
    await order
  })

  it('that leaves something running does not keep the process from ending', async () => {
    await start()
    await node.append('orders', 'leak')
    await node.stop()
    expect(node.log).to.include('a plugin has left something running (')
  })
})
