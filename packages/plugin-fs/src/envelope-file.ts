import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { maxEnvelopeBytes, openEnvelope, type Envelope, type FeedId, type JournalHeader } from '@akshi/core'
import { stampOf, readUpTo } from './disk.ts'
import type { Place } from './feed-tips.ts'
import { envelopePath, feedOf } from './folder-layout.ts'

/** What a good file holds. */
export interface FiledEnvelope {
  readonly feed: FeedId
  readonly place: Place
}

/** The stamp of a file that is there. Rejects with `ENOENT` and other system errors; follows no link. */
export async function readStamp (path: string): Promise<string> {
  return stampOf(await lstat(path, { bigint: true }))
}

/**
 * Reads an envelope where it is kept. The signature is checked too: an id does not cover it, so a file with a damaged
 * one would pass for a good copy and nobody would put it right.
 *
 * @param relativePath where it is below `dir`; what it holds must belong exactly there
 * @throws an error that says what is wrong with it, a system error among them.
 */
export async function readFiledEnvelope (dir: string, relativePath: string, meshId: string): Promise<FiledEnvelope> {
  const path = join(dir, relativePath)
  const stats = await lstat(path)
  if (!stats.isFile()) throw new Error('it is not a regular file')
  if (stats.size > maxEnvelopeBytes) throw new Error(`it has ${stats.size} bytes, more than an envelope may have`)
  const envelope = openEnvelope(await readUpTo(path, maxEnvelopeBytes), meshId)
  if (!isJournalEnvelope(envelope) || envelopePath(meshId, envelope) !== relativePath) throw new Error('what it holds belongs elsewhere')
  return { feed: feedOf(envelope), place: placeOf(envelope) }
}

/** True for the one kind of envelope that a folder carries. */
export function isJournalEnvelope (envelope: Envelope): envelope is Envelope<JournalHeader> {
  return envelope.header.kind === 'journal'
}

/** Where an envelope stands in its feed. */
export function placeOf ({ header: { seq, prev }, id }: Envelope<JournalHeader>): Place {
  return { seq, id: hex(id), prev: prev === undefined ? undefined : hex(prev) }
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
