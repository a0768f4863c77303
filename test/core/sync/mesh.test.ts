import fc from 'fast-check'
import { commandsOf, type Command } from './mesh-commands.ts'
import { MeshWorld, type WorldOptions } from './mesh-world.ts'

const { SOAK, SEED: seed } = process.env
const soak = SOAK === '1' ? 20 : 1

const worlds: fc.Arbitrary<WorldOptions> = fc.record({
  identities: fc.integer({ min: 2, max: 4 }), seed: fc.integer(), maxEnvelopes: fc.constantFrom(0, 3, 1_000), batchSize: fc.constantFrom(1, 3, 50), newestFirst: fc.boolean()
})

/** When one fails, fast-check prints the seed and the commands, as few as it can find; `SEED` runs it again. */
async function holds (what: Parameters<typeof commandsOf>[0], runs: number, length: number): Promise<void> {
  const property = fc.asyncProperty(worlds, commandsOf(what, length), check)
  await fc.assert(property, { numRuns: runs * soak, ...seed === undefined ? {} : { seed: Number(seed) } })
}

async function check (options: WorldOptions, commands: readonly Command[]): Promise<void> {
  await using world = await MeshWorld.make(options)
  await world.run(commands)
  await world.settle()
  world.checkPairs()
  await world.checkClaims()
  await world.settleAll()
}

describe('A mesh of nodes', function () {
  this.timeout(120_000 * soak)

  it('brings the other life\'s path of a fork to a clone, and not what both share, in batches of one', async () => {
    const append = (home: number): Command => ({ kind: 'append', home, sizes: [1] })
    await check({ identities: 3, seed: 0, maxEnvelopes: 0, batchSize: 1, newestFirst: false }, [append(0), { kind: 'clone', home: 0 }, append(0), append(3)])
  })

  it('loses nothing and comes together without a fork, whatever links do and whenever nodes are killed or lose power', () => holds('restarts', 60, 25))
  it('keeps every life of a node and comes together when disks are lost or damaged, old backups restored and homes cloned', () => holds('disasters', 60, 25))
  it('shows nothing of those whom a node does not trust, and merges it when it does', () => holds('trust', 60, 25))
  it('does all that with everything at once', () => holds('all', 40, 40))
  it('does so over many segments', () => holds('segments', 8, 25))
})
