/**
 * Makes the test vectors of docs/protocol.md: node --import tsx/esm --conditions=source test/vectors/make.ts
 *
 * Everything is fixed, so the files change only when the protocol does (or the way Automerge writes a change).
 */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { makeHostileChanges } from './hostile-changes.ts'
import { makeHostileEnvelopes } from './hostile-envelopes.ts'
import { makeHostileSnapshots } from './hostile-snapshots.ts'
import { makeHostileState } from './hostile-state.ts'
import { makeLog, type MadeLogEnvelope } from './log-material.ts'
import { makeAnnouncement } from './make-announcement.ts'
import { describeCursor, makeEntryIds } from './make-entry.ts'
import { describeEnvelope, describeFeed } from './make-feed.ts'
import { describeIdentity, smallOrderKeys } from './make-identity.ts'
import { describeSegments } from './make-segment.ts'
import { describeState } from './make-state.ts'
import { makeStorage } from './make-storage.ts'
import { makeSync } from './make-sync.ts'
import { alpha, beta, meshId, seeds } from './material.ts'
import { makeMutations } from './mutations.ts'
import { makeState } from './state-material.ts'

export type Vectors = Awaited<ReturnType<typeof makeVectors>>

/** The content of each file, by its name. Values are what JSON has; bytes are hex. */
export async function makeVectors () {
  const log = makeLog()
  const state = makeState()
  const [first, second, third, fourth] = log as readonly [MadeLogEnvelope, MadeLogEnvelope, MadeLogEnvelope, MadeLogEnvelope]
  const stateEnvelopes = state.envelopes.map(({ envelope }) => envelope)
  return {
    identity: {
      nodes: [describeIdentity('alpha', seeds.alpha, alpha), describeIdentity('beta', seeds.beta, beta)],
      refusedPublicKeys: smallOrderKeys
    },
    entry: { ids: makeEntryIds(), entries: first.texts, cursor: describeCursor(log) },
    envelope: {
      mesh: meshId,
      envelopes: [...log.slice(0, 3).map(({ envelope }) => envelope), ...stateEnvelopes.slice(0, 1)].map(describeEnvelope),
      refused: makeMutations(second.envelope)
    },
    announcement: makeAnnouncement(),
    feed: { ...await describeFeed(log), refused: makeHostileEnvelopes(fourth) },
    segment: {
      mesh: meshId,
      segments: describeSegments([second, third, fourth]),
      refusedChanges: { after: second.changes.map((change) => Buffer.from(change).toString('hex')), changes: makeHostileChanges(second.changes) },
      refusedSnapshots: makeHostileSnapshots(second, first.texts, stateEnvelopes[0] as NonNullable<typeof stateEnvelopes[0]>)
    },
    state: { ...describeState(state), refused: makeHostileState(state.envelopes) },
    sync: makeSync(log, stateEnvelopes),
    storage: await makeStorage(log, stateEnvelopes)
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [name, value] of Object.entries(await makeVectors())) {
    writeFileSync(new URL(`${name}.json`, import.meta.url), JSON.stringify(value, null, 2) + '\n')
  }
}
