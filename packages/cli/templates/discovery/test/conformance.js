import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { discoverySubject } from '@akshi/testkit'
import plugin from '../src/index.js'

const dirOf = ({ folder }) => join(folder, 'nodes')

/** The discovery as the conformance cases see it. */
export const subject = discoverySubject({
  open: (place) => ({ plugin, config: { dir: dirOf(place), interval_secs: 0.05 } }),
  disturb: async (place) => {
    const nonsense = ['', 'no JSON', 'null', '{"did":"did:key:nobody","addresses":[]}', '{"did":1}']
    await mkdir(dirOf(place), { recursive: true })
    await Promise.all(nonsense.map((text, index) => writeFile(join(dirOf(place), `${index}.json`), text)))
  }
})
