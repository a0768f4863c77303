/**
 * The rules of the house as lint: what CONTRIBUTING.md says in words. test/packages/lint.test.ts breaks each of them.
 * A rule of ESLint that is given twice for one file counts once, the last; so those that take lists are put together here.
 */
const time = [
  { object: 'Date', property: 'now', message: 'Take a Clock.' },
  { object: 'performance', property: 'now', message: 'Take a Clock.' },
  { object: 'process', property: 'hrtime', message: 'Take a Clock.' },
  { object: 'AbortSignal', property: 'timeout', message: 'Take a Clock, and abort with its timer.' }
]
const chance = [
  { object: 'Math', property: 'random', message: 'Take a Random.' },
  { object: 'crypto', property: 'randomUUID', message: 'Take a Random.' },
  { object: 'crypto', property: 'getRandomValues', message: 'Take a Random.' }
]

/** Syntax that no package uses. */
const never = [
  { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: 'It is the time of now: take a Clock.' },
  { selector: 'CallExpression[callee.name="Date"]', message: 'It is the time of now: take a Clock.' },
  { selector: 'ImportExpression > Literal[value=/^(@akshi\\x2F[^\\x2F]+\\x2F|awilix|(node:)?(timers|crypto)$)/]', message: 'Import it at the top, where its names are checked.' },
  { selector: ':matches(ThrowStatement, CallExpression[callee.name="reject"]) > NewExpression[callee.name="Error"]', message: 'Throw a MeshError with a code, a cause and the next step.' }
]
/** An error with a code of the system is none of these: `Object.assign(new Error(..), { code })`. */
const bareError = {
  selector: 'NewExpression[callee.name="Error"]:not(CallExpression[callee.object.name="Object"][callee.property.name="assign"] > NewExpression)',
  message: 'Make a MeshError with a code; to abort, a DOMException named AbortError.'
}
const defaultExport = [
  { selector: 'ExportDefaultDeclaration', message: 'Only a plugin is a default export.' },
  { selector: 'ExportSpecifier[exported.name="default"]', message: 'Only a plugin is a default export.' }
]

const timers = ['node:timers', 'node:timers/promises', 'timers', 'timers/promises']
  .map((name) => ({ name, importNames: ['setTimeout', 'setInterval', 'scheduler'], message: 'Take a Clock.' }))
const dice = ['node:crypto', 'crypto']
  .map((name) => ({ name, importNames: ['randomUUID', 'randomInt', 'randomBytes', 'randomFillSync', 'getRandomValues'], message: 'Take a Random. Only what nobody may guess comes from here: see eslint.house.mjs.' }))
const container = { group: ['awilix', 'awilix/*'], message: 'Only cradle.ts and runtime.ts of core know the container.' }
const deepPaths = { group: ['@akshi/*/*', '**/src/**', '**/dist/**'], message: 'Import the package, not a path inside it.' }
const plugins = { group: ['@akshi/plugin-*'], message: 'No plugin imports another: use a token of core.' }
const packages = { group: ['@akshi/*'], message: 'Imports point one way: core imports no package of this repository.' }

/** Work to be done says where it is written down: `TODO (#12)`. */
const openEnds = {
  create: (context) => ({
    Program () {
      const open = context.sourceCode.getAllComments().filter(({ value }) => /\b(TODO|FIXME|XXX|HACK)\b(?! \(#\d+\))/.test(value))
      for (const { loc } of open) context.report({ loc, message: 'Give the number of the issue: TODO (#12).' })
    }
  })
}

function imports (files, patterns, paths = [...timers, ...dice]) {
  return { files, rules: { 'no-restricted-imports': ['error', { paths, patterns: [deepPaths, ...patterns] }] } }
}

function syntax (files, ...refused) {
  return { files, rules: { 'no-restricted-syntax': ['error', ...never, ...refused] } }
}

function size (files, maxLines) {
  return { files, rules: { 'max-lines-per-function': ['error', { max: maxLines }] } }
}

export default [
  { files: ['**/*.{ts,js,mjs}'], plugins: { house: { rules: { 'open-ends': openEnds } } }, rules: { 'house/open-ends': 'error' } },
  {
    files: ['packages/*/src/**/*.ts'],
    // The clock and the generator themselves, a thread that watches the real time beside the node, and the process as the command sees it.
    ignores: ['packages/core/src/{clock,random,isolation/stall-watcher}.ts', 'packages/cli/src/io.ts'],
    rules: { 'no-restricted-properties': ['error', ...time, ...chance], 'no-restricted-globals': ['error', 'setTimeout', 'setInterval'] }
  },
  // Cards of agents come from servers of others over real networks.
  { files: ['packages/plugin-a2a/src/{agent-host,gateway}.ts'], rules: { 'no-restricted-properties': ['error', ...time.filter(({ object }) => object !== 'AbortSignal'), ...chance] } },

  imports(['packages/*/src/**/*.ts'], [container]),
  imports(['packages/core/src/**/*.ts'], [container, packages]),
  imports(['packages/plugin-*/src/**/*.ts'], [container, plugins]),
  imports(['packages/core/src/{cradle,runtime}.ts'], [packages]),
  // The generator itself, and what nobody may guess: tokens, names of files with secrets, ids of tasks.
  imports(['packages/core/src/{random,home,secret-file}.ts'], [container, packages], timers),
  imports(['packages/plugin-a2a/src/{hosted-agent,queue-front}.ts'], [container, plugins], timers),

  syntax(['packages/*/src/**/*.ts'], bareError, ...defaultExport),
  syntax(['packages/plugin-*/src/{index,plugin}.ts'], bareError),
  // The kit aborts with, and throws at plugins, what is foreign to them.
  syntax(['packages/testkit/src/**/*.ts'], ...defaultExport),

  { files: ['packages/*/src/**/*.ts'], rules: { 'max-lines': ['error', 250] } },
  size(['packages/*/src/**/*.ts'], 45),
  // Lists of what there is, and how it is put together.
  size(['packages/plugin-a2a/src/plugin.ts'], 60),
  size(['packages/core/src/node-parts.ts'], 90)
]
