import { FaultyDisk, seededRandom } from '@akshi/testkit'
import { openEnvelope, sealEnvelope, type StateEnvelope, type StateHeader } from '../../../../packages/core/src/envelope.ts'
import { createIdentity, type Identity } from '../../../../packages/core/src/identity.ts'
import type { Arrival, Fork } from '../../../../packages/core/src/journal/feed.ts'
import { hexOf } from '../../../../packages/core/src/journal/state/hex.ts'
import { JournalState } from '../../../../packages/core/src/journal/state/journal-state.ts'
import { encodeStateRecord } from '../../../../packages/core/src/journal/state/state-record.ts'
import { ApplyingMark } from '../../../../packages/core/src/storage/applying-mark.ts'
import type { Disk } from '../../../../packages/core/src/storage/disk.ts'
import { RecordFile } from '../../../../packages/core/src/storage/record-file.ts'
import { readChange } from '../../../../packages/core/src/automerge/change.ts'

export const meshId = 'mesh'
export const journal = 'plans'
export const at = Date.UTC(2025, 0, 1)
export const folder = '/home/journals/plans'

const random = seededRandom(7)

/** A node's state of one journal on a disk in memory, and what it reported. */
export class StateNode {
  readonly identity: Identity
  readonly parked = new Map<string, StateEnvelope>()
  readonly unparked: string[] = []
  readonly forks: Fork[] = []
  readonly damages: string[] = []
  disk: FaultyDisk
  newActor: () => Uint8Array = () => random.bytes(16)
  mark!: ApplyingMark
  state!: JournalState

  private constructor (identity: Identity, disk: FaultyDisk) {
    this.identity = identity
    this.disk = disk
  }

  static async open (identity = createIdentity(), disk = new FaultyDisk()): Promise<StateNode> {
    const node = new StateNode(identity, disk)
    await node.restart()
    return node
  }

  /** Starts again on a disk: its own as it is, if no other is given. */
  async restart (disk = this.disk): Promise<void> {
    this.disk = disk
    await disk.makeFolder('/home')
    this.mark = await ApplyingMark.open(disk, '/home/applying')
    this.state = await JournalState.open(journal, folder, {
      meshId,
      disk,
      durability: 'fsync',
      mark: this.mark,
      identity: this.identity,
      newActor: () => this.newActor(),
      forked: (fork) => this.forks.push(fork),
      damaged: (_, what) => this.damages.push(what)
    }, {
      find: (head) => this.parked.get(hexOf(head)),
      admitted: ({ header: { heads: [head] } }) => this.unparked.push(hexOf(head ?? new Uint8Array(0)))
    })
  }

  /** Sets one key, which always makes an envelope. */
  async set (key: string, value: number | string): Promise<StateEnvelope> {
    const envelope = await this.state.change((draft) => { draft[key] = value }, at)
    if (envelope === undefined) throw new Error('the change made no envelope')
    return envelope
  }

  /** Statuses only. */
  async take (...envelopes: readonly StateEnvelope[]): Promise<string[]> {
    return (await this.state.accept(envelopes.map(arrivalOf))).map(({ status }) => status)
  }

  park (...envelopes: readonly StateEnvelope[]): void {
    for (const envelope of envelopes) this.parked.set(hexOf(envelope.header.heads[0] ?? new Uint8Array(0)), envelope)
  }

  get heads (): string[] { return this.state.heads.map(hexOf) }

  /** Everything that others can see. */
  get view (): unknown {
    return {
      value: this.state.value,
      heads: this.heads,
      feeds: this.state.feeds.map(({ state: { feed: { origin }, tips, heads } }) => [origin, tips.map(({ seq, id }) => [seq, hexOf(id)]), heads.map(hexOf)])
    }
  }
}

export function arrivalOf (envelope: StateEnvelope): Arrival {
  return { kind: 'envelope', envelope }
}

/** The change that an envelope has, by what it says of itself. */
export function changeOf ({ payload }: StateEnvelope): ReturnType<typeof readChange> {
  return readChange(payload, { maxOps: 100_000 })
}

/** An envelope around any payload, signed as it should be; its header fits the payload unless told otherwise. */
export function sealAs (identity: Identity, payload: Uint8Array, prev: StateEnvelope | undefined, changes: Partial<StateHeader> = {}): StateEnvelope {
  const { hash, actor } = readChange(payload, { maxOps: Infinity })
  const place = { seq: (prev?.header.seq ?? 0) + 1, prev: prev?.id }
  return sealEnvelope(identity, meshId, { kind: 'journal', journal, part: 'state', ...place, actor, heads: [hash], at, ...changes }, payload)
}

/** All envelopes of a node, feed by feed, as others would read them. */
export async function envelopesOf (node: StateNode): Promise<StateEnvelope[]> {
  const found: StateEnvelope[] = []
  for (const feed of node.state.feeds) {
    for await (const { bytes } of feed.serve([], [], { maxEnvelopes: Infinity })) found.push(openEnvelope(bytes, meshId) as StateEnvelope)
  }
  return found
}

/** The file of an origin's feed. */
export function pathOf ({ did }: Identity): string {
  return `${folder}/${did.slice('did:key:'.length)}.state`
}

/** Puts an envelope into its feed's file, past all checks. */
export async function smuggle (disk: Disk, identity: Identity, envelope: StateEnvelope): Promise<void> {
  await disk.makeFolder(folder)
  const { file } = await RecordFile.open(disk, pathOf(identity), { maxRecordBytes: 1 << 21, durability: 'fsync' })
  file.append([encodeStateRecord({ kind: 'admitted', envelope: envelope.bytes })])
  await file.sync()
  await file.close()
}
