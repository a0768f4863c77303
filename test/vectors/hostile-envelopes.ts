import { sealEnvelope, type LogHeader } from '@akshi/core'
import { LogWriter } from '../core/automerge/log-writer.ts'
import { lateEntry } from './hostile-changes.ts'
import { hashOf, type MadeLogEnvelope } from './log-material.ts'
import { alpha, at, hex, journal, meshId, run } from './material.ts'

/** An envelope that is not stored: its header and its change do not fit each other, or it does not follow. */
export interface HostileEnvelope {
  readonly name: string
  readonly reason: 'header' | 'root' | 'place'
  readonly status: 'refused' | 'gap'
  readonly bytes: string
}

/** Envelopes that whoever has all of a log cannot take after this one of it. Whatever the name does not mention is right. */
export function makeHostileEnvelopes ({ envelope: { header: before, id }, changes }: MadeLogEnvelope): HostileEnvelope[] {
  const head = before.heads[0] as Uint8Array
  const next = changeOn(changes, undefined)
  const begin = (root: Root) => changeOn([], root)
  const seal = (change: Uint8Array, told: Partial<LogHeader> = {}) => sealEnvelope(alpha, meshId, {
    kind: 'journal', journal, part: 'log', segment: before.segment, seq: before.seq + 1, prev: id, entries: before.entries + 1, actor, heads: [hashOf(change)], at, ...told
  }, change)
  const root = { journal, segment: before.segment + 1, prev: head }
  const segment = { segment: before.segment + 1 }
  const refused: Record<'header' | 'root', Record<string, Uint8Array>> = {
    header: {
      'heads that name another change': seal(next, { heads: [run(0, 32)] }).bytes,
      'no heads': seal(next, { heads: [] }).bytes,
      'two heads': seal(next, { heads: [hashOf(next), head] }).bytes,
      'an actor that is not the change\'s': seal(next, { actor: run(0, 16) }).bytes,
      'an entry more than there are': seal(next, { entries: before.entries + 2 }).bytes,
      'an entry fewer than there are': seal(next, { entries: before.entries }).bytes,
      'the next segment, with a change that goes on in this one': seal(next, segment).bytes
    },
    root: {
      'a root of another journal': seal(begin({ ...root, journal: 'others' }), segment).bytes,
      'a root with another number': seal(begin({ ...root, segment: root.segment + 1 }), segment).bytes,
      'a root with another predecessor': seal(begin({ ...root, prev: run(0, 32) }), segment).bytes,
      'a root without predecessor': seal(begin({ journal, segment: 0 }), segment).bytes
    }
  }
  const gaps = {
    'a number too far': seal(next, { seq: before.seq + 2 }).bytes,
    'a predecessor that nobody has': seal(next, { prev: run(0, 32) }).bytes
  }
  return [
    ...Object.entries(refused).flatMap(([reason, named]) => list(named, reason as 'header' | 'root', 'refused')),
    ...list(gaps, 'place', 'gap')
  ]
}

type Root = Parameters<LogWriter['begin']>[0]

const actor = run(0xf0, 16)

function changeOn (changes: readonly Uint8Array[], root: Root | undefined): Uint8Array {
  const writer = new LogWriter(actor).follow(changes)
  if (root !== undefined) writer.begin(root)
  return writer.append([lateEntry()], at / 1000)
}

function list (named: Readonly<Record<string, Uint8Array>>, reason: HostileEnvelope['reason'], status: HostileEnvelope['status']): HostileEnvelope[] {
  return Object.entries(named).map(([name, bytes]) => ({ name, reason, status, bytes: hex(bytes) }))
}
