// Akshi mesh through its public API, with its defaults: mutual TLS, every entry signed by its origin, fsync on both sides.
// Each journal has a node of its own on either side. The two have met, as mDNS would bring about; to follow is to trust the
// writer, as `akshi trust` does: first sync starts there. Visible means: checked, applied, and on the reader's disk.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createNode, definePlugin, ensureIdentity, homePaths, loadConfig, NoConfig, silentLogger } from '@akshi/core'
import http from '@akshi/plugin-http'

export const title = 'Akshi mesh'

/** @param readers `hello` of each reader */
export async function openWriter ({ folder, readers }) {
  const nodes = new Map()
  return {
    async create (journal) {
      const node = await startNode(join(folder, journal), readers.map((hello) => hello[journal]))
      nodes.set(journal, node)
      return addressOf(node)
    },
    append: (journal, entries) => nodes.get(journal).control.append(journal, entries.map(({ kind, ts, author, text }) => ({ kind, body: { ts, author, text } }))),
    read: (journal, options) => nodes.get(journal).control.read(journal, options),
    state: (journal) => stateOf(nodes.get(journal), journal),
    close: () => Promise.all([...nodes.values()].map((node) => node.stop()))
  }
}

export async function openReader ({ folder, journals, onLength }) {
  const nodes = new Map()
  for (const journal of journals) {
    const finder = newFinder()
    nodes.set(journal, { node: await startNode(join(folder, journal), [], [{ plugin: finder.plugin }]), finder })
  }
  const follows = new AbortController()
  return {
    hello: Object.fromEntries([...nodes].map(([journal, { node }]) => [journal, addressOf(node)])),
    async meet (journal, { did, port }) {
      const { node, finder } = nodes.get(journal)
      finder.report({ did, addresses: [{ host: '127.0.0.1', port }] })
      while (!node.control.peers().some((peer) => peer.did === did)) await pause()
    },
    async follow (journal, { did }) {
      const { node } = nodes.get(journal)
      watch(node, journal, onLength, follows.signal)
      await node.control.trust(did)
    },
    state: (journal) => stateOf(nodes.get(journal).node, journal),
    async close () {
      follows.abort()
      await Promise.all([...nodes.values()].map(({ node }) => node.stop()))
    }
  }
}

async function startNode (home, readers, plugins = []) {
  await mkdir(home, { recursive: true })
  await ensureIdentity(homePaths(home).key)
  const peers = readers.map(({ did, port }) => ({ node_did: did, endpoint: '127.0.0.1:1', dashboard_port: port }))
  const flags = { 'dashboard.port': 0, 'dashboard.bind': '127.0.0.1', 'mesh.peers': peers }
  const { config } = await loadConfig({ cwd: home, home, env: {}, flags })
  const node = await createNode({ config, configDir: home, logger: silentLogger, plugins: [{ plugin: http }, ...plugins] })
  await node.start()
  return node
}

/** A discovery that finds what it is told. */
function newFinder () {
  const finder = { report: () => {} }
  const discovery = { start: async (report) => { finder.report = report }, announce: async () => {}, stop: async () => {} }
  finder.plugin = definePlugin({ name: 'finder', apiVersion: 1, config: NoConfig, setup: () => ({ discovery }) })
  return finder
}

async function watch (node, name, onLength, signal) {
  const journal = await node.control.journal(name)
  for await (const { entries } of journal.watch({ signal })) onLength(name, entries)
}

function stateOf (node, journal) {
  const { entries: length, heads } = find(node, journal)
  return { length, digest: heads.join() }
}

function find (node, journal) {
  return node.control.journals().find(({ name }) => name === journal)
}

const addressOf = (node) => ({ did: node.identity.did, port: Number(new URL(node.url).port) })
const pause = () => new Promise((resolve) => setTimeout(resolve, 1))
