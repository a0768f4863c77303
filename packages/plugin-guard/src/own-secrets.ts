import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describeError, type Clock, type Identity, type Logger, type NodeSettings } from '@akshi/core'
import { formsOfBytes, formsOfText, minSecretLength, type KnownSecret } from './secret-forms.ts'

export interface OwnSecretsOptions {
  readonly identity: Pick<Identity, 'privateKey'>
  readonly settings: Pick<NodeSettings, 'home' | 'meshSecret'> & { readonly dashboard: Pick<NodeSettings['dashboard'], 'token'> }
  /** Values that must not be written, by the name of their variable. */
  readonly env: ReadonlyMap<string, string>
  readonly clock: Clock
  readonly logger: Logger
}

const seedBytes = 32
const maxFileBytes = 64 * 1024
const lookMs = 1_000

/**
 * What this node itself must never write: its keys, its token, the secret of its mesh, every file in its `security` folder, and values of the
 * environment. The folder is looked at again when it changes, since plugins make their keys when they start.
 */
export class OwnSecrets {
  readonly #options: OwnSecretsOptions
  readonly #folder: string
  readonly #fixed: readonly KnownSecret[]
  #files: readonly KnownSecret[] = []
  #stamp = ''
  #lookedAt = -Infinity
  #looking: Promise<void> | undefined

  constructor (options: OwnSecretsOptions) {
    const { identity, settings: { home, meshSecret = '', dashboard: { token } }, env } = options
    this.#options = options
    this.#folder = join(home, 'security')
    const seed = identity.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-seedBytes)
    const texts = [['own-token', token], ['own-mesh-secret', meshSecret], ...[...env].map(([name, value]) => [`env-${name.toLowerCase().replaceAll('_', '-')}`, value])]
    this.#fixed = [
      formsOfBytes('own-node-key', seed, true),
      ...texts.flatMap(([rule = '', text = '']) => text.length < minSecretLength ? [] : formsOfText(rule, text))
    ]
  }

  /** All that were there at the last `refresh`. */
  get all (): readonly KnownSecret[] { return [...this.#fixed, ...this.#files] }

  /** Looks at the folder again, at most once a second. Never rejects: files that cannot be read are logged. */
  refresh (): Promise<void> {
    const { clock } = this.#options
    if (clock.monotonic() - this.#lookedAt < lookMs) return this.#looking ?? Promise.resolve()
    this.#lookedAt = clock.monotonic()
    this.#looking = this.#look().finally(() => { this.#looking = undefined })
    return this.#looking
  }

  async #look (): Promise<void> {
    try {
      const names = await readdir(this.#folder)
      const stats = await Promise.all(names.map((name) => stat(join(this.#folder, name))))
      const stamp = names.map((name, index) => `${name} ${stats[index]?.mtimeMs} ${stats[index]?.size}`).join()
      if (stamp === this.#stamp) return
      const paths = names.filter((_, index) => stats[index]?.isFile() === true && (stats[index]?.size ?? 0) <= maxFileBytes).map((name) => join(this.#folder, name))
      this.#files = (await Promise.all(paths.map((path) => readFile(path, 'utf8')))).flatMap(formsOfFile)
      this.#stamp = stamp
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      this.#options.logger.warnOnce('own-secrets', 'a file of the security folder cannot be read: what is in it may be written', { reason: describeError(error) })
    }
  }
}

/** A file is a text, and the bytes that its one line, or the body of its PEM, is in base64. */
function formsOfFile (content: string): KnownSecret[] {
  const text = content.trim()
  const body = text.replaceAll(/-----[^-]+-----|\s/g, '')
  if (text.length < minSecretLength || text.includes('-----BEGIN CERTIFICATE') || text.includes('-----BEGIN PUBLIC')) return []
  const isBase64 = /^[\w+/-]{22,}={0,2}$/.test(body)
  return [formsOfText('own-file', text), ...isBase64 ? [formsOfBytes('own-file', Buffer.from(body, 'base64'), body.length <= 44)] : []]
}
