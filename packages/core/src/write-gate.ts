import { MeshError } from './errors.ts'
import { isTapped, runHook, type Hooks, type PendingWrite } from './hooks.ts'

/** Asks plugins about what this node is about to write or send of its own, by `beforeWrite`. */
export interface Writes {
  /** Whether anybody is asked at all. */
  readonly isGuarded: boolean
  /**
   * Resolves when nobody refuses.
   *
   * @throws MeshError `MESH_WRITE_VETOED`, `MESH_HOOK_FAILED`.
   */
  ask (write: PendingWrite): Promise<void>
}

export class WriteGate implements Writes {
  readonly #hooks: Pick<Hooks, 'beforeWrite'>

  constructor (hooks: Pick<Hooks, 'beforeWrite'>) {
    this.#hooks = hooks
  }

  get isGuarded (): boolean { return isTapped(this.#hooks.beforeWrite) }

  async ask (write: PendingWrite): Promise<void> {
    if (!this.isGuarded) return
    const veto = await runHook('beforeWrite', () => this.#hooks.beforeWrite.promise(write))
    if (veto !== undefined) throw new MeshError('MESH_WRITE_VETOED', `A plugin refuses to write this: ${veto.reason}`)
  }
}
