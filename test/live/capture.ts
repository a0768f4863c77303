import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { NatLab, Place } from './nat-lab.ts'
import { readPackets, type Packet } from './packets.ts'
import { until } from './until.ts'

const flushedWithinMs = 5_000

/** All packets at one device of a laboratory, from when it is made on. Dispose it, which ends it. */
export class Capture implements Disposable {
  readonly name: string
  readonly #file: string
  readonly #tcpdump: ChildProcess
  #said = ''

  private constructor (name: string, file: string, tcpdump: ChildProcess) {
    this.name = name
    this.#file = file
    this.#tcpdump = tcpdump
    tcpdump.stderr?.on('data', (chunk) => { this.#said += String(chunk) })
  }

  /** Why there can be none here; nothing when there can. */
  static missing (): string | undefined {
    try {
      execFileSync('tcpdump', ['--version'], { stdio: 'ignore' })
    } catch {
      return 'tcpdump is not installed: apt install tcpdump'
    }
  }

  /** Resolves when it hears, into this file. */
  static async start (lab: NatLab, place: Place, device: string, file: string): Promise<Capture> {
    const tcpdump = spawn('ip', lab.command(place, 'tcpdump', '-Z', 'root', '-i', device, '-s', '0', '-B', '16384', '--immediate-mode', '-U', '-w', file), { stdio: ['ignore', 'ignore', 'pipe'] })
    const capture = new Capture(`${place} ${device}`, file, tcpdump)
    await once(tcpdump.stderr ?? tcpdump, 'data')       // it says that it listens
    return capture
  }

  /** Resolves to all packets up to the first that has these bytes, and perhaps some more. Rejects when any was missed. */
  async upTo (bytes: Buffer): Promise<readonly Packet[]> {
    const read = async () => await readFile(this.#file)
    await until(async () => (await read()).includes(bytes), flushedWithinMs, `${this.name} captures the last packet`)
    const ended = once(this.#tcpdump, 'close')
    this.#tcpdump.kill('SIGINT')
    await ended
    if (!/^0 packets dropped by kernel/m.test(this.#said)) throw new Error(`${this.name} has missed packets: ${this.#said}`)
    return readPackets(await read())
  }

  [Symbol.dispose] (): void {
    this.#tcpdump.kill('SIGKILL')
  }
}
