import { join } from 'node:path'
import { expect } from 'chai'
import { ESLint, type Linter } from 'eslint'
import { root } from './support/packages.ts'

interface Case {
  /** As a stranger would say it. */
  readonly promise: string
  /** The rule of ESLint, and what breaks it, each by itself. */
  readonly rule: string
  readonly bad: readonly string[]
  /** What is the nearest to it that may be. */
  readonly good: readonly string[]
  /** Where; a made-up module of core otherwise. */
  readonly file?: string
  /** Where the bad may be. */
  readonly free?: readonly string[]
}

const lines = (count: number) => Array.from({ length: count }, (_, line) => `  console.log(${line})`).join('\n')

const cases: readonly Case[] = [
  {
    promise: 'only cradle.ts and runtime.ts of core know the container',
    rule: 'no-restricted-imports',
    bad: ["import { asValue } from 'awilix'\nasValue(1)", "import { asValue } from 'awilix/browser'\nasValue(1)"],
    good: ["import { SyncHook } from 'tapable'\nSyncHook()"],
    free: ['packages/core/src/cradle.ts', 'packages/core/src/runtime.ts']
  },
  {
    promise: 'no package imports a path inside another',
    rule: 'no-restricted-imports',
    bad: ["import '@akshi/core/dist/clock.js'", "import '../../core/src/clock.ts'"],
    good: ["import '@akshi/core'", "import './clock.ts'"],
    file: 'packages/testkit/src/made-up.ts'
  },
  {
    promise: 'no plugin imports another',
    rule: 'no-restricted-imports',
    bad: ["import '@akshi/plugin-fs'"],
    good: ["import '@akshi/core'"],
    file: 'packages/plugin-http/src/made-up.ts',
    free: ['packages/cli/src/made-up.ts']
  },
  { promise: 'core imports no other package of the mesh', rule: 'no-restricted-imports', bad: ["import '@akshi/testkit'"], good: ["import './clock.ts'"] },
  {
    promise: 'timers come from a Clock',
    rule: 'no-restricted-imports',
    bad: ["import { setTimeout } from 'node:timers/promises'\nsetTimeout(1)", "import { setInterval } from 'timers'\nsetInterval()"],
    good: ["import { setImmediate } from 'node:timers/promises'\nsetImmediate()"]
  },
  { promise: 'timers are not taken from the air', rule: 'no-restricted-globals', bad: ['setTimeout(() => {}, 1)', 'setInterval(() => {}, 1)'], good: ['setImmediate(() => {})'], free: ['packages/core/src/clock.ts'] },
  {
    promise: 'the time comes from a Clock',
    rule: 'no-restricted-properties',
    bad: ['Date.now()', 'performance.now()', 'process.hrtime.bigint()', 'AbortSignal.timeout(1)'],
    good: ['Date.parse("2026-01-01")', 'AbortSignal.any([])'],
    free: ['packages/core/src/clock.ts']
  },
  {
    promise: 'what may not be imported is not imported later either',
    rule: 'no-restricted-syntax',
    bad: ["await import('awilix')", "await import('@akshi/core/dist/clock.js')", "await import('node:timers')"],
    good: ["await import('@akshi/core')", "await import('./clock.ts')"]
  },
  { promise: 'the time of now is no Date', rule: 'no-restricted-syntax', bad: ['console.log(new Date())', 'Date()'], good: ['console.log(new Date(0))'] },
  {
    promise: 'chance comes from a Random',
    rule: 'no-restricted-properties',
    bad: ['Math.random()', 'crypto.randomUUID()', 'crypto.getRandomValues(new Uint8Array(1))'],
    good: ['Math.max(1)', 'crypto.subtle.digest("SHA-256", new Uint8Array(1))'],
    free: ['packages/core/src/random.ts']
  },
  {
    promise: 'dice are not imported either',
    rule: 'no-restricted-imports',
    bad: ["import { randomUUID } from 'node:crypto'\nrandomUUID()", "import { randomBytes } from 'crypto'\nrandomBytes(1)"],
    good: ["import { generateKeyPairSync } from 'node:crypto'\ngenerateKeyPairSync('ed25519')"],
    free: ['packages/core/src/random.ts', 'packages/core/src/secret-file.ts']
  },
  {
    promise: 'errors have a code',
    rule: 'no-restricted-syntax',
    bad: ['throw new Error("no")', 'console.log(new Error("no"))'],
    good: ['throw new TypeError("no")', 'throw new AggregateError([])', 'throw Object.assign(new Error("no"), { code: "ENOSPC" })', 'console.log(new DOMException("gone", "AbortError"))']
  },
  {
    promise: 'the kit throws errors with a code, and may have others',
    rule: 'no-restricted-syntax',
    bad: ['throw new Error("no")', 'Promise.reject(1).catch((reject) => reject(new Error("no")))'],
    good: ['console.log(new Error("of somebody else"))'],
    file: 'packages/testkit/src/made-up.ts'
  },
  {
    promise: 'only a plugin is a default export',
    rule: 'no-restricted-syntax',
    bad: ['export default 1', "export { default } from './clock.ts'"],
    good: ['export const one = 1'],
    free: ['packages/plugin-fs/src/index.ts', 'packages/plugin-dht/src/plugin.ts']
  },
  { promise: 'files are short', rule: 'max-lines', bad: [lines(251)], good: [lines(250)] },
  { promise: 'functions are short', rule: 'max-lines-per-function', bad: [`export function long () {\n${lines(44)}\n}`], good: [`export function long () {\n${lines(43)}\n}`] },
  { promise: 'work to be done has the number of its issue', rule: 'house/open-ends', bad: ['// TODO: mend', '/* FIXME */', '// XXX (soon)'], good: ['// TODO (#12): mend', '// a todo list'], file: 'test/core/made-up.ts' },
  { promise: 'nothing is any', rule: '@typescript-eslint/no-explicit-any', bad: ['export const one: any = 1', 'export const one = 1 as any'], good: ['export const one: unknown = 1'] }
]

const { default: config } = await import(join(root, 'eslint.config.mjs')) as { readonly default: readonly Linter.Config[] }

describe('lint', () => {
  // Without the rules that need the types of a whole program: none of them is ours.
  const baseConfig = config.filter(({ languageOptions }) => languageOptions?.['parserOptions'] === undefined || !('projectService' in (languageOptions['parserOptions'] as object)))
  const eslint = new ESLint({ cwd: root, overrideConfigFile: true, baseConfig })
  const rulesBroken = async (code: string, file: string) => {
    const [result] = await eslint.lintText(`${code}\n`, { filePath: join(root, file) })
    return result?.messages.map(({ ruleId, message }) => ruleId ?? message) ?? []
  }

  for (const { promise, rule, bad, good, file = 'packages/core/src/made-up.ts', free = [] } of cases) {
    it(`sees to it that ${promise}`, async () => {
      for (const code of bad) expect(await rulesBroken(code, file), code).to.include(rule)
      for (const code of good) expect(await rulesBroken(code, file), code).not.to.include(rule)
      for (const place of free) expect(await rulesBroken(bad[0] ?? '', place), place).not.to.include(rule)
    })
  }
})
