import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { transportSubject } from '@akshi/testkit'
import plugin from '../src/index.js'

const dirOf = ({ folder }) => join(folder, 'shared')

/** The transport as the conformance cases see it. */
export const subject = transportSubject({
  reach: 'shared',
  open: (place) => ({ plugin, config: { dir: dirOf(place), interval_secs: 0.05 } }),
  damage: async (place) => {
    const dir = dirOf(place)
    const [flipped, cut, gone, foreign] = (await readdir(dir)).map((name) => join(dir, name))
    const bytes = await readFile(flipped)
    bytes[bytes.length >> 1] ^= 1
    await writeFile(flipped, bytes)
    await truncate(cut, 100)
    await rm(gone)
    await writeFile(foreign, 'foreign')
    await writeFile(join(dir, 'notes.txt'), 'foreign')
  },
  takeAway: async (place) => {
    const dir = dirOf(place)
    await rename(dir, `${dir}-away`)
    await writeFile(dir, 'nothing is mounted here')
    return async () => {
      // Calls have ended by then, and nobody starts meanwhile, who would make the folder anew between the two.
      await rm(dir)
      await rename(`${dir}-away`, dir)
    }
  }
})
