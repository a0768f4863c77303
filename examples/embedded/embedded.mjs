import { createNode } from '@akshi/core'
import fs from '@akshi/plugin-fs'

const plugins = [{ plugin: fs, config: { dir: '../shared', poll_interval_secs: 0.1 } }]
const [alpha, beta] = await Promise.all(['mesh/alpha', 'mesh/beta'].map((home) => createNode({ home, plugins })))
await Promise.all([alpha.start(), beta.start()])
await alpha.control.trust(beta.identity.did)
await beta.control.trust(alpha.identity.did)

const arrival = beta.control.tail('notes')[Symbol.asyncIterator]().next()
await alpha.control.append('notes', [{ body: 'hello' }])
console.log('beta reads', (await arrival).value.entry.body)

await Promise.all([alpha.stop(), beta.stop()])
