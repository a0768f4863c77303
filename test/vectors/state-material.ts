import { sealEnvelope, type Identity, type StateEnvelope, type StateHeader } from '@akshi/core'
import { readChange } from '../../packages/core/src/automerge/change.ts'
import { actorOf } from '../../packages/core/src/journal/state/state-actor.ts'
import { StateDocument } from '../../packages/core/src/journal/state/state-document.ts'
import { alpha, at, beta, journal, meshId, run } from './material.ts'

export interface MadeStateEnvelope {
  readonly name: string
  readonly envelope: StateEnvelope
}

type Draft = Record<string, unknown>

/** Random bytes of the two actors. */
export const randoms = { alpha: run(0x50, 8), beta: run(0x60, 8) }

/** The state of a journal: beta builds on what alpha wrote, alpha writes at the same time, and beta joins both. */
export function makeState (): { readonly envelopes: readonly MadeStateEnvelope[], readonly value: unknown, readonly heads: readonly string[] } {
  const one = new Writer(alpha, actorOf(randoms.alpha, alpha.did))
  const other = new Writer(beta, actorOf(randoms.beta, beta.did))
  const begin = one.write('alpha begins', (draft) => { Object.assign(draft, { title: 'plan', steps: ['think'], done: 0 }) })
  other.take(begin)
  const answer = other.write('beta builds on it', (draft) => { (draft.steps as string[]).push('build') })
  const aside = one.write('alpha at the same time', (draft) => { draft.done = 1 })
  other.take(aside)
  const joined = other.write('beta joins both', (draft) => { delete draft.title })
  return { envelopes: [begin, answer, aside, joined], value: other.document.reader(), heads: other.document.heads }
}

class Writer {
  readonly document: StateDocument
  readonly #identity: Identity
  #last: StateEnvelope | undefined

  constructor (identity: Identity, actor: Uint8Array) {
    this.#identity = identity
    this.document = new StateDocument(actor)
  }

  write (name: string, edit: (draft: Draft) => void): MadeStateEnvelope {
    const change = this.document.edit(edit, at / 1000)
    if (change === undefined) throw new TypeError('an edit must change something')
    this.#last = sealState(this.#identity, change, this.#last)
    return { name, envelope: this.#last }
  }

  take ({ envelope }: MadeStateEnvelope): void {
    this.document.apply([envelope.payload])
  }
}

/** An envelope around a change, after another of the same origin; what the header is not told, it says of the change. */
export function sealState (identity: Identity, change: Uint8Array, before: StateEnvelope | undefined, told: Partial<StateHeader> = {}): StateEnvelope {
  const seq = (before?.header.seq ?? 0) + 1
  return sealEnvelope(identity, meshId, { kind: 'journal', journal, part: 'state', seq, prev: before?.id, at: at + seq - 1, ...headOf(change, told), ...told }, change)
}

function headOf (change: Uint8Array, { actor, heads }: Partial<StateHeader>): Pick<StateHeader, 'actor' | 'heads'> {
  if (actor !== undefined && heads !== undefined) return { actor, heads }
  const read = readChange(change, { maxOps: 100_000 })
  return { actor: actor ?? read.actor, heads: heads ?? [read.hash] }
}
