import { rules } from '@secretlint/secretlint-rule-preset-recommend'
import { isPlaceholder } from './likeness.ts'
import type { Match } from './text-rule.ts'

/** What a rule of secretlint wants of the text that it looks at. */
interface Source { readonly content: string, readonly filePath: undefined, readonly ext: '', readonly contentType: 'text' }
interface Report { readonly message: { readonly messageId: string }, readonly range: readonly [start: number, end: number] }
interface Context {
  readonly sharedOptions: object
  createTranslator (): (messageId: string) => { readonly messageId: string, readonly message: string }
  report (report: Report): void
  ignore (): void
}
interface Creator { readonly meta: { readonly id: string }, create (context: Context, options: object): { readonly file?: (source: Source) => unknown } }

/** Shorter finds are words with dots in them. */
const minLength = 14
/** Comments that switch rules off, which whoever writes a text could use. */
const filter = '@secretlint/secretlint-rule-filter-comments'

/**
 * The rules of secretlint's recommended preset, by themselves. Its engine (`lintSource` of @secretlint/core) leaves some 60 marks in
 * the process's performance timeline at each call and never takes them back: 10 KB a call, which a node that runs for months cannot
 * give.
 */
export class SecretlintRules {
  readonly #files: readonly ((source: Source) => unknown)[]
  #found: { id: string, range: Report['range'] }[] = []

  constructor () {
    this.#files = (rules as unknown as readonly Creator[]).filter(({ meta }) => meta.id !== filter).flatMap((rule) => rule.create(this.#contextOf(), {}).file ?? [])
  }

  /** All that the rules find in a text. Their ids begin with `secretlint-`. */
  match (content: string): Match[] {
    this.#found = []
    for (const file of this.#files) file({ content, filePath: undefined, ext: '', contentType: 'text' })
    return this.#found.flatMap(({ id, range: [start, end] }) => {
      const secret = content.slice(start, end)
      return secret.length < minLength || isPlaceholder(passwordOf(secret)) ? [] : [{ rule: id, secret }]
    })
  }

  #contextOf (): Context {
    return {
      sharedOptions: {},
      createTranslator: () => (messageId) => ({ messageId, message: '' }),
      report: ({ message, range }) => { this.#found.push({ id: idOf(message.messageId), range }) },
      ignore: () => {}
    }
  }
}

/** `PostgreSQLConnection` as `secretlint-postgresql-connection`. */
function idOf (messageId: string): string {
  const words = messageId.replaceAll('_', '-').replaceAll(/([a-z])([A-Z])/g, '$1-$2')
  return `secretlint-${words.toLowerCase()}`
}

/** Of a URL, what must not be a placeholder; of anything else, all of it. */
function passwordOf (secret: string): string {
  return /^[a-z+:]+:\/\/[^:@/]*:([^@]*)@/i.exec(secret)?.[1] ?? secret.replace(/^_authToken=/, '')
}
