import { silentLogger, type Logger } from '@akshi/core'
import { openEnvelope } from '../../../packages/core/src/envelope.ts'
import { createIdentity, type Identity } from '../../../packages/core/src/identity.ts'
import type { Feed } from '../../../packages/core/src/journal/feed.ts'
import type { JournalEnvelope } from '../../../packages/core/src/envelope.ts'
import { Journals } from '../../../packages/core/src/journal/journals.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let seed = 1

export interface Owner extends AsyncDisposable {
  readonly identity: Identity
  readonly folder: TemporaryFolder
  readonly clock: VirtualClock
  /** Journals on the owner's folder; closed in the end. */
  open (logger?: Logger): Promise<Journals>
}

/** Somebody with a folder for journals. */
export async function makeOwner (): Promise<Owner> {
  const [identity, folder, clock] = [createIdentity(), await temporaryFolder(), new VirtualClock()]
  const opened: Journals[] = []
  return {
    identity,
    folder,
    clock,
    open: async (logger = silentLogger) => {
      for (const journals of opened.splice(0)) await journals.close()
      const journals = new Journals({ folder: folder.join('journals'), meshId: 'mesh', identity, clock, random: seededRandom(seed++), logger })
      opened.push(journals)
      await journals.open()
      return journals
    },
    [Symbol.asyncDispose]: async () => {
      for (const journals of opened) await journals.close()
      await folder[Symbol.asyncDispose]()
    }
  }
}

/** Owners that are all put away at once. */
export async function makeOwners (count: number): Promise<Owner[] & AsyncDisposable> {
  const owners = await Promise.all(Array.from({ length: count }, makeOwner))
  return Object.assign(owners, {
    [Symbol.asyncDispose]: async () => { for (const owner of owners) await owner[Symbol.asyncDispose]() }
  })
}

/** The envelopes of a feed, verified. */
export function envelopesOf (feed: Feed): JournalEnvelope[] {
  return [...feed.serve(0)].map(({ bytes }) => openEnvelope(bytes, 'mesh') as JournalEnvelope)
}
