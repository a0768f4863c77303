import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Why there is no Redis on this machine, if there is none. */
export const missing = spawnSync('redis-server', ['--version']).error === undefined ? undefined : 'redis-server is not installed (Debian: apt-get install redis-server)'

/** A Redis on a free port of loopback that keeps what it acknowledges. It ends with this process. */
export class RedisServer {
  #folder = mkdtempSync(join(tmpdir(), 'akshi-redis-'))
  #port = 0
  #child

  static async start () {
    const server = new RedisServer()
    server.#port = await freePort()
    await server.start()
    process.once('exit', () => server.#remove())
    return server
  }

  get url () {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Starts it, again with what it had. */
  async start () {
    const settings = { port: this.#port, bind: '127.0.0.1', dir: this.#folder, appendonly: 'yes', appendfsync: 'always', save: '' }
    this.#child = spawn('redis-server', Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]), { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = createInterface(this.#child.stdout)
    for await (const line of lines) if (line.includes('Ready to accept connections')) break
    this.#child.stdout.resume().unref()
    this.#child.unref()
  }

  /** As when its machine loses power. */
  async kill () {
    const gone = once(this.#child, 'exit')
    this.#child.ref()
    this.#child.kill('SIGKILL')
    await gone
  }

  #remove () {
    this.#child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
