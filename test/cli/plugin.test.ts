import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { NodeStatus } from '@akshi/core'
import { expect } from 'chai'
import { describeCard, type ScoreCard } from '../../packages/cli/src/plugin/score-card.ts'
import { Folder } from './support/command.ts'
import { FakeNode } from './support/fake-node.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
const kinds = { transport: 'transport of reach "shared"', discovery: 'discovery', hooks: 'hooks or services' }

describe('akshi plugin', () => {
  let folder: Folder
  before(async () => {
    folder = await Folder.create()
    for (const name of ['core', 'testkit']) await link(`packages/${name}`, `@akshi/${name}`)
    for (const name of ['typescript', '@types/node']) await link(`node_modules/${name}`, name)
  })
  after(() => folder[Symbol.asyncDispose]())

  /** As npm would have installed it. */
  const link = async (from: string, to: string) => {
    const target = join(folder.path, 'node_modules', to)
    await mkdir(join(target, '..'), { recursive: true })
    await symlink(join(root, from), target)
  }
  const make = async (kind: string, name: string) => {
    const { code, stderr } = await folder.akshi(['plugin', 'new', name, '--kind', kind])
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    return join(folder.path, name)
  }
  const score = async (path: string, ...more: string[]) => {
    const { code, stdout, stderr } = await folder.akshi(['plugin', 'test', path, '--json', ...more])
    return { code, card: JSON.parse(stdout || '{}') as ScoreCard, stderr }
  }
  const problemsOf = ({ needs, promises, faults }: ScoreCard) => [...needs, ...promises].flatMap(({ problem = [] }) => problem).concat(faults?.problems ?? [])

  for (const [kind, title] of Object.entries(kinds)) {
    describe(`new --kind ${kind}`, () => {
      let path = ''
      before(async () => { path = await make(kind, `akshi-my-${kind}`) })

      it('scores well', async () => {
        const { code, card } = await score(path)
        const { promises } = card
        expect({ code, untried: card.untried, plugin: card.plugin, kind: card.kind, problems: problemsOf(card), tried: promises.length > 0 }).to.deep.equal({ code: 0, untried: [], plugin: `my-${kind}`, kind: title, problems: [], tried: true })
      })

      it('passes its tests', async () => {
        const { NODE_TEST_CONTEXT: _ours, NODE_OPTIONS: _alike, ...env } = process.env
        const { stdout } = await run(process.execPath, ['--test', '--test-reporter', 'tap', 'test/plugin.test.js'], { cwd: path, env })
        expect([/^# pass [1-9]/m.test(stdout), /^# fail (\d+)/m.exec(stdout)?.[1]]).to.deep.equal([true, '0'])
      })
    })
  }

  it('new writes what builds, with types', async () => {
    const names = await Promise.all(Object.keys(kinds).map(async (kind) => await make(kind, `akshi-built-${kind}`)))
    const { compilerOptions } = JSON.parse(await readFile(join(names[0] ?? '', 'tsconfig.json'), 'utf8')) as { compilerOptions: object }
    await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...compilerOptions, rootDir: '.' }, include: ['akshi-built-*/src'] }))
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')], { cwd: folder.path })
    expect((await readdir(join(folder.path, 'types'), { recursive: true })).filter((file) => file.endsWith('/index.d.ts')).length).to.equal(3)
  })

  describe('new', () => {
    it('knows a package with a scope, and writes for this version', async () => {
      const { code, stdout } = await folder.akshi(['plugin', 'new', '@you/akshi-plugin-pigeon', '--kind', 'hooks'])
      const path = join(folder.path, 'akshi-plugin-pigeon')
      const { name, peerDependencies } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as { name: string, peerDependencies: object }
      const { version } = JSON.parse(await readFile(join(root, 'packages/core/package.json'), 'utf8')) as { version: string }
      expect({ code, name, peerDependencies }).to.deep.equal({ code: 0, name: '@you/akshi-plugin-pigeon', peerDependencies: { '@akshi/core': `^${version}` } })
      expect(await readFile(join(path, 'src/index.js'), 'utf8')).to.include("const name = 'pigeon'")
      expect(stdout).to.include(`Next: cd ${path} && npm install && npm test`)
    })

    it('leaves no word of the template behind', async () => {
      for (const kind of Object.keys(kinds)) {
        const path = await make(kind, `akshi-whole-${kind}`)
        const files = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
        for (const { parentPath, name } of files) expect(await readFile(join(parentPath, name), 'utf8'), name).not.to.match(/__[a-z]+__/)
      }
    })

    it('refuses names that npm would, and a folder that is not empty', async () => {
      await mkdir(join(folder.path, 'full'))
      await writeFile(join(folder.path, 'full/notes.txt'), '')
      const outcomes = await Promise.all(['Full', '../up', '@you/', 'full'].map(async (name) => (await folder.akshi(['plugin', 'new', name, '--kind', 'hooks'])).code))
      expect([outcomes, await readdir(join(folder.path, 'full'))]).to.deep.equal([[2, 2, 2, 2], ['notes.txt']])
    })

    it('writes the same files for what nodes share as examples/redis-transport has', async () => {
      for (const file of ['shared-transport.js', 'item-index.js', 'turns.js']) {
        const [template, example] = await Promise.all(['packages/cli/templates/transport/src', 'examples/redis-transport/src'].map((path) => readFile(join(root, path, file), 'utf8')))
        expect(template, file).to.equal(example)
      }
    })
  })

  describe('test', () => {
    /** A scaffold of its own in which one thing is changed. */
    const spoil = async (kind: string, name: string, file: string, change: (text: string) => string) => {
      const path = await make(kind, name)
      const before = await readFile(join(path, file), 'utf8')
      const after = change(before)
      expect(after).not.to.equal(before)
      await writeFile(join(path, file), after)
      return path
    }

    it('names the promise that is broken, and ends with 6', async () => {
      const path = await spoil('hooks', 'akshi-broken', 'src/index.js', (text) => text.replace('return {}', 'throw new TypeError("no luck")'))
      const { code, card } = await score(path)
      expect([code, card.ok, problemsOf(card).length, /no luck/.test(problemsOf(card)[0] ?? '')]).to.deep.equal([6, false, 1, true])
    })

    it('shows each line for people, with what is wrong', async () => {
      const path = await spoil('discovery', 'akshi-forgetful', 'src/registry-discovery.js', (text) => text.replace('await registry.remove(did)', 'await registry.put(did, [])'))
      const { code, stdout, stderr } = await folder.akshi(['plugin', 'test', path])
      expect(code).to.equal(6)
      expect(stderr).to.match(/^ {2}ok {4}reports again what is still there$/m)
      expect(stderr).to.match(/^ {2}FAIL {2}cannot be found any more once it has stopped: .* The promise: stop takes the node's records back where the mechanism can\.$/m)
      expect(stdout).to.match(/promises {2}11 of 12\n.*\n.*\n {2}not good\n$/)
    })

    const withoutDamage = (text: string) => text.replace(/ {2}damage: .*?\n {2}\},\n/s, '')

    it('says which promises nobody tried, what the subject lacks for them, and that this is not good', async () => {
      const path = await spoil('transport', 'akshi-untried', 'test/conformance.js', withoutDamage)
      const { code, card } = await score(path)
      const what = ['never gives damaged or foreign bytes as an item', 'calls nothing a duplicate that is damaged']
      expect([code, card.ok, problemsOf(card), card.untried]).to.deep.equal([6, false, [], what.map((each) => ({ what: each, lacks: 'damage()' }))])
      expect(describeCard(card)).to.include(`  not tried 2: the subject has no damage() and is not exempt ("${what.join('", "')}")`)
    })

    it('calls it good when the subject says why they cannot be tried', async () => {
      const reasons = { 'never gives damaged or foreign bytes as an item': 'nobody else can write there', 'calls nothing a duplicate that is damaged': 'nobody else can write there' }
      const path = await spoil('transport', 'akshi-excused', 'test/conformance.js', (text) => withoutDamage(text).replace("reach: 'shared',", `reach: 'shared', exempt: ${JSON.stringify(reasons)},`))
      const { code, card } = await score(path)
      expect([code, card.untried, card.exempt]).to.deep.equal([0, [], reasons])
    })

    it('says of the calls that failed under faults that they had to', async () => {
      const { code, stdout } = await folder.akshi(['plugin', 'test', await make('transport', 'akshi-told')])
      expect(code).to.equal(0)
      expect(stdout).to.match(/\n {2}faults {4}0 problems in [^;\n]*\d+ pushes, [^;\n]*\n {12}of the calls \d+ aborted on purpose; \d+ failed as they must, while a node restarted or what they share was away\n {2}good\n$/)
    })

    it('names what a package lacks', async () => {
      const path = await spoil('hooks', 'akshi-lacking', 'package.json', (text) => {
        const { peerDependencies, license: _none, ...rest } = JSON.parse(text) as Record<string, unknown>
        return JSON.stringify({ ...rest, private: true, dependencies: peerDependencies, peerDependencies: { '@akshi/plugin-http': '*' } })
      })
      await writeFile(join(path, 'README.md'), '')
      const index = await readFile(join(path, 'src/index.js'), 'utf8')
      await writeFile(join(path, 'src/index.js'), index.replace(/,\n {4}description: .*\n/, '\n').replace('{ additionalProperties: false }', '{}').replace('words: Type', 'badWords: Type').replace('config: { words }', 'config: { badWords: words }'))
      const { code, card } = await score(path)
      expect([code, card.needs.flatMap(({ what, problem }) => problem === undefined ? [] : what)]).to.deep.equal([6, [
        'there is one core: a peer dependency', 'it imports no other plugin', 'it can be published', 'it says what it is', 'its configuration knows its keys',
        'each key has a description', 'keys are snake_case', 'its README has the table of its keys'
      ]])
    })

    it('wants a subject of a plugin that adds a transport', async () => {
      const path = await spoil('transport', 'akshi-silent', 'package.json', (text) => text.replace(/ {2}"akshi": .*\n/, ''))
      const config = join(path, 'src/config.js')
      await writeFile(config, (await readFile(config, 'utf8')).replace('minLength: 1,', "default: 'shared',"))
      const { code, card } = await score(path)
      expect([code, card.promises.map(({ what }) => what)]).to.deep.equal([6, ['a node with it starts, writes and stops', 'its promises can be checked']])
    })

    it('says why nothing was tried, and that this is not good', async () => {
      const path = await make('hooks', 'akshi-elsewhere')
      await writeFile(join(path, 'test/conformance.js'), "export const skipped = 'there is no such server here'\n")
      const { code, stdout } = await folder.akshi(['plugin', 'test', path])
      expect(code).to.equal(6)
      expect(stdout).to.match(/ {2}not tried there is no such server here\n {2}not good\n$/)
    })

    it('tells a folder that has no package, no plugin, or no module where it says', async () => {
      const paths = [folder.path, await spoil('hooks', 'akshi-astray', 'package.json', (text) => text.replace('./src/index.js', './src/other.js')), await spoil('hooks', 'akshi-none', 'src/index.js', () => 'export default 1\n'), await spoil('hooks', 'akshi-nowhere', 'package.json', (text) => text.replace('test/conformance.js', 'nowhere.js'))]
      const outcomes = await Promise.all(paths.map(async (path) => await score(path)))
      expect(outcomes.map(({ code, stderr }) => [code, (JSON.parse(stderr) as { error: string }).error])).to.deep.equal([[6, 'MESH_PLUGIN_NOT_FOUND'], [6, 'MESH_PLUGIN_NOT_FOUND'], [6, 'MESH_PLUGIN_INVALID'], [6, 'MESH_PLUGIN_INVALID']])
    })
  })

  it('list shows what a running node has loaded, from where, and what its taps and calls cost', async () => {
    const call = { what: 'beforeWrite', isTap: true, calls: 4, failures: 1, totalMs: 5, busyMs: 4.5, longestBusyMs: 3.25 }
    const plugins: NodeStatus['plugins'] = [
      { name: 'http', package: '@akshi/plugin-http', state: 'running', required: true, parts: ['transport', 'prober'], calls: [], candidatesDropped: 0 },
      { name: 'pigeon', package: './pi\u001bgeon.mjs', state: 'failed', reason: 'no fu\u001bel', required: false, parts: [], calls: [call, { ...call, what: 'timer', isTap: false, calls: 0 }], candidatesDropped: 0 }
    ]
    await using node = await FakeNode.start(`${folder.path}/.akshi`, () => ({ body: { plugins } }))
    const [people, json] = [await folder.akshi(['plugin', 'list']), await folder.akshi(['plugin', 'list', '--json'])]
    expect([people.stdout.split('\n'), JSON.parse(json.stdout), node.requests.map(({ path }) => path)]).to.deep.equal([[
      'NAME    STATE              GIVES              PACKAGE',
      'http    running, required  transport, prober  @akshi/plugin-http',
      'pigeon  failed             taps               ./pi\\u001bgeon.mjs',
      '',
      'no fu\\u001bel. Nothing of it runs.',
      '',
      'PLUGIN  CALL             COUNT  FAILED     MEAN  BLOCKED',
      'pigeon  tap beforeWrite      4       1  1.25 ms  3.25 ms',
      'pigeon  timer                0       1        -        -',
      ''
    ], { plugins }, ['/api/v1/status', '/api/v1/status']])
  })
})
