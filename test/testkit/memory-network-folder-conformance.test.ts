import type { Did } from '@akshi/core'
import { seededRandom, SharedFolder, transportCasesOf, transportSubject, VirtualClock } from '@akshi/testkit'

const folders = new Map<string, { readonly folder: SharedFolder, readonly users: Set<Did> }>()

/** A folder in memory, in virtual time. */
const sharedFolder = transportSubject({
  reach: 'shared',
  open ({ folder: place }) {
    const clock = new VirtualClock()
    const folder = new SharedFolder({ name: 'shared', meshId: 'conformance', clock, random: seededRandom() })
    const users = new Set<Did>()
    folders.set(place, { folder, users })
    return { clock, advance: (ms) => clock.advance(ms), plugin: ({ did }) => { users.add(did); return folder.transport(did) } }
  },
  damage: async ({ folder: place }) => { folders.get(place)?.folder.spoil(1) },
  takeAway: async ({ folder: place }) => {
    const { folder, users } = folders.get(place) as { folder: SharedFolder, users: Set<Did> }
    for (const did of users) folder.unmount(did)
    return async () => { for (const did of users) folder.mount(did) }
  }
})

describe('SharedFolder keeps the promises of transports', () => {
  for (const { name, run } of transportCasesOf(sharedFolder)) it(name, () => run(sharedFolder))
})
