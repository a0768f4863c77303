import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { serviceType } from '../../packages/plugin-mdns/src/records.ts'
import { newDid } from '../plugin-mdns/fixtures.ts'
import { ifPossible } from './if-possible.ts'
import { announcedName, hasHeard, mdnsStatus, MdnsMesh } from './mdns-mesh.ts'
import { MdnsWitness } from './mdns-witness.ts'
import { reasonWithoutNamespaces } from './network-lab.ts'
import { until } from './until.ts'

const place = find('dnssd-advertise')
const test = ifPossible(place === undefined ? 'dnssd-advertise is not installed' : reasonWithoutNamespaces())

// It lets Node end between two packets, so something else must keep it alive; it says goodbye when it is told to.
const script = `import { advertise } from '${place}'
const stop = advertise({ name: 'taken', type: 'akshi', protocol: 'tcp', hostname: 'foreign', port: 4820, txt: { v: '1', did: process.argv[1] } })
setInterval(() => {}, 1_000)
process.stdin.resume().on('end', async () => { await stop(); process.exit() })
console.log('advertises')`

describe('a node beside dnssd-advertise', function () {
  this.timeout(60_000)

  test('hears its service, leaves it its name, and forgets it when it says goodbye', async () => {
    await using mesh = await MdnsMesh.make(3)
    using witness = await MdnsWitness.start(mesh.lan, 2)
    const other = spawn('ip', mesh.lan.command(1, process.execPath, '--input-type=module', '-e', script, newDid()), { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      await witness.hears(({ packet: { type, answers } }) => type === 'response' && answers.some(({ data }) => data === `taken.${serviceType}`), 10_000, 'it announces itself')
      const node = await mesh.start(0, { name: 'taken' })
      const renamed = `taken (${node.did.slice(-8)})`
      expect(await announcedName(node)).to.equal(renamed)
      await until(() => hasHeard(node, 'taken'), 20_000, 'heard')
      other.stdin.end()
      await once(other, 'exit')
      await until(async () => !await hasHeard(node, 'taken'), 5_000, 'forgotten')
      expect((await mdnsStatus(node)).name).to.equal(renamed)
    } finally {
      other.kill('SIGKILL')
    }
  })
})

/** Where a package is, as an import specifier; nothing when it is not installed. */
function find (name: string): string | undefined {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve(name)).href
  } catch {}
}
