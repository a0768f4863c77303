import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConformanceError, discoveryCases, discoveryCasesOf, discoverySubject, type Place } from '@akshi/testkit'
import { installExample } from '../../docs/example-nodes.ts'

const candidates = ({ folder }: Place) => join(folder, 'candidates.json')

/** The discovery of docs/plugin-authors.md, in real time. The operator writes its file. */
const subject = discoverySubject({
  exempt: {
    'cannot be found any more once it has stopped': 'nobody takes a line out of a file when a node stops'
  },
  open: async (place) => {
    await writeFile(candidates(place), '[]')
    return await installExample(place.folder, 'static-discovery', { file: candidates(place), interval_secs: 0.05 })
  },
  spread: async (place, did, addresses) => {
    const others = (JSON.parse(await readFile(candidates(place), 'utf8')) as readonly { readonly did: string }[]).filter((each) => each.did !== did)
    await writeFile(candidates(place), JSON.stringify([...others, { did, addresses }]))
  }
})

describe('examples/static-discovery keeps the promises of discoveries', () => {
  for (const { name, run } of discoveryCasesOf(subject)) it(name, () => run(subject))

  for (const name of Object.keys(subject.exempt ?? {})) {
    it(`does not keep "${name}": else it need not be exempt`, async () => {
      const error = await discoveryCases.find((each) => each.name === name)?.run(subject).catch((error: unknown) => error)
      expect(error).to.be.instanceOf(ConformanceError)
    })
  }
})
