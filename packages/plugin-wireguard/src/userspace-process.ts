import { isMeshError, MeshError, type Clock } from '@akshi/core'
import type { Commands, RunningCommand } from './commands.ts'
import type { IpLink } from './ip-link.ts'
import type { UapiSocket } from './uapi-socket.ts'
import type { WgSettings } from './wg-device.ts'

/** A userspace WireGuard that stays in the foreground, and how it is called. */
export interface UserspaceProgram {
  readonly program: string
  readonly args: (name: string) => readonly string[]
}

/** The first that is installed is taken. */
export const userspacePrograms: readonly UserspaceProgram[] = [
  { program: 'wireguard-go', args: (name) => ['-f', name] },
  { program: 'boringtun-cli', args: (name) => ['-f', '--disable-drop-privileges', name] }
]

/** What a process is started with, and seen by. */
export interface ProcessParts {
  readonly program: UserspaceProgram
  readonly commands: Commands
  readonly clock: Clock
  readonly link: IpLink
  readonly socket: UapiSocket
}

const pollMs = 5
const startMs = 5_000
const leaveMs = 2_000
/** The interface of a killed process stays for some 20 ms after it. */
const vanishMs = 500

/** One life of a userspace WireGuard: its interface and socket come and go with it. */
export class UserspaceProcess {
  /** Resolves when it has ended, with why. */
  readonly ended: Promise<string>
  readonly #parts: ProcessParts
  readonly #running: RunningCommand

  private constructor (parts: ProcessParts, running: RunningCommand) {
    this.#parts = parts
    this.#running = running
    this.ended = running.ended
  }

  /**
   * Removes what an earlier life left, starts the program and makes its interface the owner's. Resolves when it takes settings; when
   * it rejects, nothing runs.
   */
  static async start (parts: ProcessParts, settings: WgSettings, signal: AbortSignal): Promise<UserspaceProcess> {
    signal.throwIfAborted()
    await clearTheWay(parts, settings, signal)
    const { program, args } = parts.program
    const started = new UserspaceProcess(parts, parts.commands.start(program, args(settings.name)))
    try {
      await started.#answers(signal)
      await parts.link.claim(settings)
      return started
    } catch (error) {
      await started.stop()
      throw error
    }
  }

  /** Resolves to whether it has ended, at the latest after this time. */
  endsWithin (timeMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#parts.clock.timer(timeMs, () => resolve(false))
      void this.ended.then(() => {
        timer.cancel()
        resolve(true)
      })
    })
  }

  /** Ends it at once. Its socket file stays. */
  kill (): void {
    this.#running.kill('SIGKILL')
  }

  /** Resolves when process, interface and socket are gone: after 2 s also of one that hangs. */
  async stop (): Promise<void> {
    const { clock, socket } = this.#parts
    const impatience = clock.timer(leaveMs, () => this.kill())
    this.#running.kill('SIGTERM')
    await this.ended
    impatience.cancel()
    if (!await socket.isAlive()) await socket.remove()
  }

  async #answers (signal: AbortSignal): Promise<void> {
    const { clock, socket, program: { program } } = this.#parts
    let end: string | undefined
    void this.ended.then((why) => { end = why })
    const untilMs = clock.monotonic() + startMs
    while (!await socket.isAlive()) {
      if (end !== undefined) throw new MeshError('MESH_PLUGIN_START_FAILED', `${program} ended at once: ${end}.`)
      if (clock.monotonic() > untilMs) throw new MeshError('MESH_PLUGIN_START_FAILED', `${program} runs, but there is no ${socket.path} after ${startMs / 1_000} s.`)
      await clock.sleep(pollMs, signal)
    }
  }
}

/** An orphan of ours ends when its interface is removed. A socket that then still answers is of a process in another network. */
async function clearTheWay (parts: ProcessParts, settings: WgSettings, signal: AbortSignal): Promise<void> {
  const { socket, clock } = parts
  const untilMs = clock.monotonic() + (await removeStale(parts, settings, signal) ? leaveMs : 0)
  while (await socket.isAlive()) {
    if (clock.monotonic() >= untilMs) {
      throw new MeshError('MESH_CONFIG_INVALID', `Another process on this machine has ${socket.path}. Set "interface" of plugin-wireguard to a name that no other has.`)
    }
    await clock.sleep(pollMs, signal)
  }
  await socket.remove()
}

/** One that a process killed in its first moments has left has no owner yet; it goes by itself, and is not touched either. */
async function removeStale ({ link, clock }: ProcessParts, settings: WgSettings, signal: AbortSignal): Promise<boolean> {
  const untilMs = clock.monotonic() + vanishMs
  for (;;) {
    try {
      return await link.removeStale(settings)
    } catch (error) {
      if (!isMeshError(error) || clock.monotonic() >= untilMs) throw error
      await clock.sleep(pollMs, signal)
    }
  }
}
