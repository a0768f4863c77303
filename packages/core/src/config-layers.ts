import type { ConfigFile } from './config-file.ts'
import type { Problem } from './config-problems.ts'
import { runtimeSchema } from './config-schema.ts'
import { didYouMean, suggest } from './config-suggest.ts'
import { keyPath, mapStrings, setAt, valueAt, type Tree } from './config-tree.ts'
import type { SchemaView } from './config-words.ts'

/** Which layer a value is from. */
export type Origin = 'default' | 'file' | 'env' | 'flag'

/** Key path and schema of everything that has one value: scalars and whole arrays. */
const leaves = new Map(listLeaves(runtimeSchema as SchemaView, ''))
const shortNames = new Map([['node.home', 'AKSHI_HOME_DIR'], ['dashboard.token', 'AKSHI_TOKEN']])

/** Environment variables by the name they have, and by the one they would have without a short name. */
const scalars = [...leaves.keys()].filter((path) => leaves.get(path)?.type !== 'array')
const longNames = new Map(scalars.map((path) => [longName(path), path]))
const variables = new Map(scalars.map((path) => [variableFor(path), path]))

/** The environment variable that sets a key of a core section. */
export function variableFor (path: string): string {
  return shortNames.get(path) ?? longName(path)
}

function longName (path: string): string {
  return `AKSHI_${path.replaceAll('.', '_').toUpperCase()}`
}

/**
 * The layers laid over each other, lowest first: file, environment, flags. What is wrong is gathered, not thrown, so
 * that an operator sees it all at once.
 */
export class ConfigLayers {
  readonly tree: Tree = {}
  readonly problems: (Problem & { readonly label: string })[] = []
  /** Strings of the file that have `${VAR}`, as written, by key path. */
  readonly written = new Map<string, string>()
  readonly #origins = new Map<string, Origin>()
  readonly #labels = new Map<string, string>()
  readonly #fileLabel: string
  readonly #mentioned = new Set<string>()

  constructor (fileLabel: string) {
    this.#fileLabel = fileLabel
  }

  /** Takes a file over, with `${VAR}` filled in from `env` in every string. `$${` stands for a plain `${`. */
  addFile (file: ConfigFile, env: NodeJS.ProcessEnv): void {
    Object.assign(this.tree, mapStrings(file.tree, (text, path) => this.#fill(text, path, env)))
    for (const path of leaves.keys()) if (valueAt(this.tree, path) !== undefined) this.#origins.set(path, 'file')
  }

  /** Takes `AKSHI_*` over. An empty variable counts as unset; one that the file mentions may have any name. */
  addEnvironment (env: NodeJS.ProcessEnv): void {
    for (const [name, text] of Object.entries(env)) {
      if (!name.startsWith('AKSHI_') || text === undefined || text === '') continue
      const path = variables.get(name)
      if (path !== undefined) this.#set(path, text, 'env', name)
      else if (!this.#mentioned.has(name)) this.problems.push({ label: name, path: '', reason: `unknown variable${suggestVariable(name)}` })
    }
  }

  /** Takes flags over, by key path. Text is read as the key's type; `undefined` counts as not given. */
  addFlags (flags: Readonly<Record<string, unknown>>): void {
    for (const [path, value] of Object.entries(flags)) {
      if (value === undefined) continue
      if (leaves.has(path)) this.#set(path, value, 'flag', 'flags')
      else this.problems.push({ label: 'flags', path, reason: `unknown key${didYouMean(path, [...leaves.keys()])}` })
    }
  }

  /** Notes what is wrong at a key path, under the file, variable or flag that its value is from. */
  report (problems: readonly Problem[]): void {
    for (const problem of problems) {
      if (this.problems.some(({ path }) => path === problem.path)) continue
      this.problems.push({ ...problem, label: this.#labels.get(problem.path) ?? this.#fileLabel })
    }
  }

  /** The layer of every value, by key path; arrays count as one value. */
  origins (): Map<string, Origin> {
    return new Map([...leaves.keys()].map((path) => [path, this.#origins.get(path) ?? 'default']))
  }

  #set (path: string, value: unknown, origin: Origin, label: string): void {
    setAt(this.tree, path, typeof value === 'string' ? readAs(value, leaves.get(path)) : value)
    this.#origins.set(path, origin)
    this.#labels.set(path, label)
    this.written.delete(path)
  }

  #fill (text: string, path: string, env: NodeJS.ProcessEnv): string {
    if (!text.includes('${')) return text
    this.written.set(path, text)
    return text.replaceAll(/\$\$\{|\$\{([^}]*)\}/g, (match, name: string | undefined) => {
      if (name === undefined) return '${'
      this.#mentioned.add(name)
      const value = env[name]
      if (value === undefined) this.report([{ path, reason: `the environment variable ${name} is not set (a plain \${ is written $\${)` }])
      return value ?? match
    })
  }
}

function readAs (text: string, schema: SchemaView | undefined): unknown {
  if (schema?.type === 'boolean' && /^(true|false)$/.test(text)) return text === 'true'
  if ((schema?.type === 'integer' || schema?.type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  return text
}

function suggestVariable (name: string): string {
  const near = suggest(name, [...variables.keys(), ...longNames.keys()])
  return near === undefined ? '' : `; did you mean ${variableFor(variables.get(near) ?? longNames.get(near) ?? '')}?`
}

function listLeaves (schema: SchemaView, base: string): [string, SchemaView][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, part]): [string, SchemaView][] => {
    const path = keyPath(base, key)
    return part.properties === undefined ? [[path, part]] : listLeaves(part, path)
  })
}
