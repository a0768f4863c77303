import { createNode, ensureIdentity, homePaths, loadConfig } from '@akshi/core'

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const { config } = await loadConfig({ cwd: process.cwd(), env: process.env, home: process.argv[2] ?? './agent-home' })
await ensureIdentity(homePaths(config.node.home).key)
const node = await createNode({ config, configDir: import.meta.dirname })
await node.start()

const notes = await node.control.journal('notes')

// Any JSON values, in order, as one unit. It resolves once they are on disk.
const { ids, durability } = await notes.append([{ body: 'hello' }, { kind: 'measurement', body: { celsius: 21.5 } }])
console.log(`wrote ${ids.length} entries (${durability})`)

// The state: one document that all nodes change, also at the same time. Change the draft in place, at once.
await notes.change((state) => {
  state.starts = (state.starts ?? 0) + 1
  state.agents ??= {}
  state.agents[node.identity.did] = { measurements: 1 }
})
console.log(`start number ${notes.state.starts}`)

// Everything of a kind, in the order that all nodes agree on; and a cursor that covers all that there was.
const { entries, cursor } = await notes.read({ kind: 'measurement' })
console.log(`read ${entries.length}, the last at ${entries.at(-1).at}`)

// From there on, from all nodes, each entry once, until Ctrl-C. Keep the cursor of the last one to go on after a restart.
console.log('following; Ctrl-C ends')
for await (const { entry } of notes.tail({ since: cursor, signal: stop.signal })) {
  console.log(`${entry.origin} ${entry.kind} ${JSON.stringify(entry.body)}`)
}

console.log(`converged: ${notes.convergence().converged}, because ${notes.convergence().reason}`)
await node.stop()
