import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isSnapshot, peekItem, type Tip, type Verdict } from '@akshi/core'
import { folderOptions } from './folder-subject.ts'
import { changeLink, changeReceiver, changeTransport, sabotagedTransport, type Change, type TransportSaboteur } from './sabotage.ts'

const shared = (says: string, change: Change): TransportSaboteur => ({ says, subject: sabotagedTransport(folderOptions, change) })
const statuses = (status: Verdict['status']) => changeLink((link) => ({
  push: async (batch, signal) => {
    const { have, verdicts } = await link.push(batch, signal)
    return { have, verdicts: verdicts.map((verdict) => verdict.status === 'stored' || verdict.status === 'duplicate' ? { status } : verdict) }
  }
}))

/** For each promise of what is shared a plugin that breaks it. */
export const sharedSaboteurs: Readonly<Record<string, TransportSaboteur>> = {
  'gives others what one has pushed, unaltered': shared('item of 4194304 bytes came that nobody pushed', changeLink((link) => ({
    async * pull (want, options, signal) { for await (const item of link.pull(want, options, signal)) yield isSnapshot(item) ? item.subarray(0, 4 << 20) : item }
  }))),
  'keeps what was pushed when its writer is gone': shared('5 of 5 items do not come', changeTransport((transport, { settings: { home } }) => ({
    stop: async () => {
      await transport.stop()
      await rm(join(home, '..', 'shared'), { recursive: true, force: true })
      await mkdir(join(home, '..', 'shared'))
    }
  }))),
  'calls a duplicate what is there already': shared('of which the second item is there', statuses('stored')),
  'says what is there of the feeds concerned': shared('must have the tip of the feed', changeLink((link) => ({
    push: async (batch, signal) => ({ verdicts: (await link.push(batch, signal)).verdicts, have: [] })
  }))),
  'always lists its feeds, without heads': shared('also for the one who asks with the same root', changeLink((link) => ({
    digest: async (mine, signal) => {
      const digest = await link.digest(mine, signal)
      return Buffer.compare(digest.root, mine.root) === 0 ? { root: digest.root } : digest
    }
  }))),
  'holds nothing back that stands after what one has': shared('has 5 (5 is of no path)', changeLink((link) => ({
    async * pull (want, options, signal) {
      const last = (have: readonly Tip[]) => Math.max(0, ...have.map(({ seq }) => seq))
      for (const range of want) for await (const item of link.pull([range], options, signal)) if (seqOf(item) > last(range.have)) yield item
    }
  }))),
  'brings no more than the limit, and the rest when asked again': shared('at most 3 items brought 4', changeLink((link) => ({
    pull: (want, options, signal) => link.pull(want, { ...options, limit: options.limit + 1 }, signal)
  }))),
  'does not send a snapshot again that is to be skipped': shared('told to skip', changeLink((link) => ({
    pull: (want, options, signal) => link.pull(want.map(({ feed, have }) => ({ feed, have })), options, signal)
  }))),
  'brings the newest snapshot first when asked to': shared('The place, from the oldest', changeLink((link) => ({
    pull: (want, { limit }, signal) => link.pull(want, { limit }, signal)
  }))),
  'gives a hint when there is news': shared('a hint for what another has pushed did not happen', changeReceiver(() => ({ hint: () => {} }))),
  'leaves what others have pushed': shared('4 of 4 items do not come', changeTransport((transport, { settings: { home }, identity: { did } }) => ({
    stop: async () => {
      await transport.stop()
      const entries = await readdir(join(home, '..', 'shared'), { recursive: true, withFileTypes: true })
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
      for (const file of files) if (!file.includes(did.slice('did:key:'.length))) await rm(file)
    }
  }))),
  'takes what several push at once': shared('3 of 12 items do not come', (parts, cradle, crew) => {
    const isThird = crew.length === 2
    return changeLink((link) => ({
      push: async (batch, signal) => isThird ? { verdicts: batch.map(() => ({ status: 'stored' })), have: [] } : await link.push(batch, signal)
    }))(parts, cradle, crew)
  }),
  'never gives damaged or foreign bytes as an item': shared('Sizes of items that came after the damage', changeLink((link) => {
    let isFirst = true
    return {
      async * pull (want, options, signal) {
        for await (const item of link.pull(want, options, signal)) {
          yield isFirst ? flipped(item) : item
          isFirst = false
        }
      }
    }
  })),
  'calls nothing a duplicate that is damaged': shared('items do not come', changeLink((link) => {
    const pushed = new Set<string>()
    return {
      push: async (batch, signal) => {
        const fresh = batch.filter((item) => !pushed.has(hex(item)))
        const { have, verdicts } = fresh.length === 0 ? { have: [], verdicts: [] } : await link.push(fresh, signal)
        const told = verdicts.values()
        const all = batch.map((item): Verdict => pushed.has(hex(item)) ? { status: 'duplicate' } : told.next().value ?? { status: 'failed' })
        for (const item of batch) pushed.add(hex(item))
        return { have, verdicts: all }
      }
    }
  })),
  'says that it is out of reach, and goes on when it is back': shared('(digest) while what is shared is out of reach must fail with MESH_DISK_FAILED', changeLink((link) => ({
    digest: async (mine, signal) => await link.digest(mine, signal).catch(() => ({ root: new Uint8Array(32), feeds: [] }))
  }))),
  'rejects with the reason of an abort that comes at once': shared('(digest) must reject with signal.reason, but came to resolved', changeLink((link) => ({
    digest: (mine) => link.digest(mine, new AbortController().signal)
  })))
}

function seqOf (item: Uint8Array): number {
  return peekItem(item, 'conformance').envelope.header.seq
}

function flipped (item: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(item)
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
  return copy
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
