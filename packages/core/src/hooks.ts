import { AsyncSeriesBailHook, SyncHook, SyncWaterfallHook } from 'tapable'
import type { Announcement } from './announcement.ts'
import type { Did } from './did.ts'
import { describeError, isMeshError, MeshError } from './errors.ts'
import type { Tap, TapGuard } from './isolation/tap-guard.ts'
import type { Logger } from './logger.ts'
import type { PeerView } from './peer-book.ts'
import type { FeedId } from './transport.ts'

/** Holds an envelope back on one link. It is tried again after `retryAfterMs`, or at the next exchange. */
export interface Veto {
  readonly reason: string
  readonly retryAfterMs?: number
}

/** An envelope of a journal, or a snapshot, on its way out over one link. */
export interface OutgoingJournalItem {
  readonly kind: 'journal'
  readonly feed: FeedId
  readonly seq: number
  /** As signed; never change them. */
  readonly bytes: Uint8Array
  /** The peer, or the name of the shared transport. */
  readonly to: Did | string
}

/** A sealed message on its way out over one link, perhaps of another node. */
export interface OutgoingMessage {
  readonly kind: 'a2a'
  /** Who wrote it. */
  readonly from: Did
  /** Who can open it. */
  readonly recipient: Did
  /** As signed; never change them. */
  readonly bytes: Uint8Array
  /** The peer that gets it now: the recipient, or one that carries it. */
  readonly to: Did
}

export type OutgoingEnvelope = OutgoingJournalItem | OutgoingMessage

/** A write that has not happened yet, or a message that has not been sent. */
export interface PendingWrite {
  /** Of a message, the agent. */
  readonly journal: string
  /** An entry for the log, the whole value that the state is to have, or a message to another agent. */
  readonly part: 'log' | 'state' | 'a2a'
  /** The entry's kind and body; of a state the kind is `state`, of a message `a2a`. */
  readonly kind: string
  readonly body: unknown
}

/** A transport that could carry a peer's envelopes, by plugin name, with why it stands where it does. */
export interface TransportChoice {
  readonly transport: string
  readonly reach: 'peer' | 'shared'
  readonly reason: string
}

/**
 * The hooks of one runtime. `on` observes, `before` may veto, `select` chooses, `assemble` adds. docs/hooks.md has a
 * page for each.
 */
export interface Hooks {
  readonly onPeerDiscovered: SyncHook<[peer: PeerView]>
  readonly beforeWrite: AsyncSeriesBailHook<[write: PendingWrite], Veto | undefined>
  readonly beforeEnvelopeSend: AsyncSeriesBailHook<[envelope: OutgoingEnvelope], Veto | undefined>
  readonly selectTransport: SyncWaterfallHook<[choices: readonly TransportChoice[], peer: PeerView]>
  readonly assembleAnnouncement: SyncWaterfallHook<[announcement: Announcement]>
}

/** What a plugin may do with a hook: tap it, under its own name, while `setup` runs. */
export type PluginHooks = {
  readonly [Name in keyof Hooks]: Pick<Hooks[Name], Extract<keyof Hooks[Name], 'tap' | 'tapPromise' | 'tapAsync'>>
}

/** The hooks with their guard: tap-only facades for plugins, and a seal after which nobody can tap. */
export class HookBoard {
  readonly hooks: Hooks = {
    onPeerDiscovered: new SyncHook(['peer']),
    beforeWrite: new AsyncSeriesBailHook(['write']),
    beforeEnvelopeSend: new AsyncSeriesBailHook(['envelope']),
    selectTransport: new SyncWaterfallHook(['choices', 'peer']),
    assembleAnnouncement: new SyncWaterfallHook(['announcement'])
  }

  #sealed = false

  constructor (logger: Logger) {
    for (const [name, hook] of Object.entries(this.hooks)) {
      hook.intercept({
        register: (tap: { name: string, fn: (...args: unknown[]) => unknown }) => {
          if (this.#sealed) throw new MeshError('MESH_HOOKS_SEALED', `"${tap.name}" tapped ${name} after setup. Tap hooks inside setup only.`)
          if (name.startsWith('on')) return { ...tap, fn: observe(tap, name, logger) }
          return name.startsWith('assemble') ? { ...tap, fn: addTo(tap, name, logger) } : tap
        }
      } as never)
    }
  }

  /** From now on every tap throws `MESH_HOOKS_SEALED`. */
  seal (): void {
    this.#sealed = true
  }

  /** Facades that a plugin can tap and nothing else; what it taps with is behind its guard. */
  facade (guard?: TapGuard): PluginHooks {
    return Object.freeze(Object.fromEntries(
      Object.entries(this.hooks).map(([name, hook]) => [name, tapOnly(name as keyof Hooks, hook, guard)])
    )) as unknown as PluginHooks
  }
}

/** True when anybody taps the hook; `isUsed` counts the guard too. */
export function isTapped ({ taps }: { readonly taps: readonly unknown[] }): boolean {
  return taps.length > 0
}

/**
 * Runs a hook of kind `before` or `select`, and names it when a tap throws.
 *
 * @throws MeshError `MESH_HOOK_FAILED`.
 */
export async function runHook<Result> (name: keyof Hooks, call: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await call()
  } catch (cause) {
    throw hookFailed(name, cause)
  }
}

/** As `runHook`, for hooks whose taps are all synchronous. */
export function runHookSync<Result> (name: keyof Hooks, call: () => Result): Result {
  try {
    return call()
  } catch (cause) {
    throw hookFailed(name, cause)
  }
}

/** What names the plugin already stays as it is. */
function hookFailed (name: string, cause: unknown): MeshError {
  return isMeshError(cause, 'MESH_HOOK_FAILED') ? cause as MeshError : new MeshError('MESH_HOOK_FAILED', `A tap of ${name} failed: ${describeError(cause)}`, { cause })
}

/** An observer cannot hurt the others: what it throws, now or later, is logged under its name. */
function observe (tap: { name: string, fn: (...args: unknown[]) => unknown }, hook: string, logger: Logger) {
  const failed = (error: unknown) => logger.error(`plugin "${tap.name}" failed in ${hook}`, { error: describeError(error) })
  return (...args: unknown[]): void => {
    try {
      const result = tap.fn(...args)
      if (result instanceof Promise) result.catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

/** One that adds cannot take away what the others add: when it throws, what it got goes on as it was. */
function addTo (tap: { name: string, fn: (...args: unknown[]) => unknown }, hook: string, logger: Logger) {
  return (value: unknown): unknown => {
    try {
      return tap.fn(value) ?? value
    } catch (error) {
      // A guard has told of it already.
      if (!isMeshError(error, 'MESH_HOOK_FAILED')) logger.error(`plugin "${tap.name}" failed in ${hook}`, { error: describeError(error) })
      return value
    }
  }
}

type AnyHook = Record<'tap' | 'tapPromise', (options: string | object, tap: Tap) => void>
type TapAsync = (...values: unknown[]) => void

function tapOnly (name: keyof Hooks, hook: Hooks[keyof Hooks], guard?: TapGuard): object {
  const facade = hook.withOptions({} as never) as unknown as AnyHook
  const called = (options: string | { readonly name: string }) => guard === undefined ? options : { ...typeof options === 'string' ? {} : options, name: guard.name }
  const tap = (options: string | { readonly name: string }, fn: Tap) => facade.tap(called(options), guard?.guard(name, fn) ?? fn)
  if (name !== 'beforeWrite' && name !== 'beforeEnvelopeSend') return Object.freeze({ tap })
  const tapPromise = (options: string | { readonly name: string }, fn: Tap) => facade.tapPromise(called(options), guard?.guardLater(name, fn) ?? fn)
  return Object.freeze({ tap, tapPromise, tapAsync: (options: string, fn: TapAsync) => tapPromise(options, promised(fn)) })
}

/** A tap that calls back, as one that gives a promise. */
function promised (tap: TapAsync): Tap {
  return (...values) => new Promise((resolve, reject) => tap(...values, (error: unknown, result: unknown) => error == null ? resolve(result) : reject(error)))
}
