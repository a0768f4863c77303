import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { homePaths, type Identity } from '@akshi/core'

/** Real folders for what a node keeps besides journals: its key, its lock and whom it trusts. In memory where the system has such a place. */
export class HomeFolders implements Disposable {
  readonly #root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'akshi-sim-'))
  #made = 0

  /** The home of a node that was never started. */
  make (identity: Identity): string {
    const home = join(this.#root, String(this.#made++))
    const { key } = homePaths(home)
    mkdirSync(dirname(key), { recursive: true, mode: 0o700 })
    writeFileSync(key, identity.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
    return home
  }

  /** A home for the next life of a node: whoever used the one before may still hold its lock. */
  next (identity: Identity, before: string): string {
    const home = this.make(identity)
    const { trust } = homePaths(before)
    if (existsSync(trust)) copyFileSync(trust, homePaths(home).trust)
    return home
  }

  [Symbol.dispose] (): void {
    rmSync(this.#root, { recursive: true, force: true })
  }
}
