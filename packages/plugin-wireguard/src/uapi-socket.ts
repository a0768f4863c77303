import { rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '@akshi/core'

/** The device took a message and refused what it says. */
export class UapiRefusal extends Error {
  /** A number of the system, without its sign: 22 is EINVAL, 98 EADDRINUSE. */
  readonly errno: number

  constructor (errno: number) {
    super(`the device answers errno ${errno}`)
    this.errno = errno
  }
}

/** The device took no message, or gave no answer: its process has ended, hangs, or lost its socket. */
export class UapiSilence extends Error {}

const folder = '/var/run/wireguard'
/** It answers within a millisecond. */
const answerMs = 3_000

/** The socket on which a userspace WireGuard takes its settings. The name is this machine's, whatever network it is in. */
export class UapiSocket {
  readonly path: string
  readonly #clock: Clock

  constructor (name: string, clock: Clock) {
    this.path = join(folder, `${name}.sock`)
    this.#clock = clock
  }

  /** Reads all. Rejects as `set`. */
  get (): Promise<string> {
    return this.#exchange('get=1\n\n')
  }

  /** Resolves when all is done; rejects with `UapiRefusal`, or with `UapiSilence` when nobody answers within 3 s. */
  async set (settings: string): Promise<void> {
    await this.#exchange(`set=1\n${settings}\n`)
  }

  /** True when a process listens. */
  isAlive (): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.path)
      socket.once('connect', () => { socket.destroy(); resolve(true) }).once('error', () => resolve(false))
    })
  }

  /** Removes what a killed process left. */
  async remove (): Promise<void> {
    await rm(this.path, { force: true })
  }

  #exchange (message: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = ''
      const socket = createConnection(this.path, () => { socket.write(message) })
      const timer = this.#clock.timer(answerMs, () => socket.destroy(new UapiSilence(`${this.path} does not answer`)))
      socket.setEncoding('utf8').on('data', (text: string) => {
        answer += text
        if (answer.endsWith('\n\n')) socket.end()
      })
      socket.once('error', (cause) => reject(new UapiSilence(cause.message, { cause }))).once('close', () => {
        timer.cancel()
        const [, errno] = /^errno=-?(\d+)\n\n$/m.exec(answer) ?? []
        if (errno === '0') resolve(answer)
        else reject(errno === undefined ? new UapiSilence(`${this.path} was closed before its answer`) : new UapiRefusal(Number(errno)))
      })
    })
  }
}
