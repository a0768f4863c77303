// One node in a process of its own, told what to do over IPC by live-path.mjs.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, ensureIdentity, homePaths, loadConfig, silentLogger } from '@akshi/core'
import http from '@akshi/plugin-http'

const journal = 'bench'
const home = await mkdtemp(join(tmpdir(), 'akshi-bench-'))
const { identity } = await ensureIdentity(homePaths(home).key)
const emptyCursor = Buffer.from([0xa0]).toString('base64url')
let node
let news

const now = () => Number(process.hrtime.bigint()) / 1e6          // one clock for all processes of a machine
const turn = () => new Promise((resolve) => setImmediate(resolve))

const tasks = {
  identify: () => identity.did,
  async start (peers) {
    const { config } = await loadConfig({ cwd: home, home, env: {}, flags: { 'dashboard.port': 0, 'dashboard.bind': '127.0.0.1', 'mesh.peers': peers } })
    node = await createNode({ config, configDir: home, logger: silentLogger, plugins: [{ plugin: http }] })
    await node.start()
    return Number(new URL(node.url).port)
  },
  async linked () {
    while (!node.control.peers().every(({ link }) => link?.state === 'up')) await turn()
  },
  /** Appends one entry every `everyMs` (0: all at once, awaited together); gives the time before each. */
  async append ({ count, everyMs }) {
    const times = []
    const pending = []
    for (let i = 0; i < count; i++) {
      times.push(now())
      const written = node.control.append(journal, [{ body: { i, text: 'x'.repeat(120) } }])
      if (everyMs === 0) pending.push(written)
      else {
        await written
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    }
    await Promise.all(pending)
    return { times, done: now() }
  },
  /** Waits for `count` more entries; gives the time at which each was visible. */
  async watch ({ count }) {
    news ??= node.control.tail(journal, { since: emptyCursor })[Symbol.asyncIterator]()
    const times = []
    while (times.length < count) {
      await news.next()
      times.push(now())
    }
    return times
  },
  async stop () {
    await node.stop()
    await rm(home, { recursive: true })
  }
}

process.on('message', async ({ id, task, argument }) => {
  process.send({ id, result: await tasks[task](argument) }, () => { if (task === 'stop') process.disconnect() })
})
