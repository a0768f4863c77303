// Processes and folders for one measurement. Whatever ends it, Ctrl-C included, nothing of them stays.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WorkerProcess } from './worker-process.mjs'

const labs = new Set()

process.on('exit', () => { for (const lab of labs) lab.clear() })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

export class Lab {
  #folder = mkdtempSync(join(tmpdir(), 'akshi-bench-'))
  #workers = new Set()

  constructor () {
    labs.add(this)
  }

  /** A folder that lives as long as the lab. */
  folder (name) {
    const folder = join(this.#folder, name)
    mkdirSync(folder, { recursive: true })
    return folder
  }

  /** Starts a process of a system. Returns the way to call its tasks, and `end`, which resolves once it is gone. */
  start (system) {
    const worker = new WorkerProcess(system)
    this.#workers.add(worker)
    return Object.assign((task, options) => worker.call(task, options), { end: () => worker.end() })
  }

  /** Ends the processes and removes the folder. */
  async end () {
    await Promise.all([...this.#workers].map((worker) => worker.end()))
    this.clear()
  }

  /** The same, at once. */
  clear () {
    labs.delete(this)
    for (const worker of this.#workers) worker.kill()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
}
