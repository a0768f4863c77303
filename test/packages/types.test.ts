import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import ts from 'typescript'
import {
  createNode, definePlugin, isMeshError, MeshError, NoConfig, Type, type Clock, type Cradle, type Did, type HttpRoutes, type Link, type MeshErrorCode, type NodeControl, type NodeOptions, type Plugin, type PluginCradle,
  type PluginHooks, type PluginParts, type RuntimeConfig, type Transport, type Veto
} from '@akshi/core'
import { root } from './support/packages.ts'

/** Compiles when the two are one type, to the letter. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
function same<IsSame extends true> (_answer?: IsSame): void {}

const Schema = Type.Object({
  interval_secs: Type.Integer({ default: 10, description: 'How often.' }),
  mode: Type.Union([Type.Literal('fast'), Type.Literal('slow')], { default: 'fast', description: 'How.' }),
  file: Type.Optional(Type.String({ description: 'Where.' }))
}, { additionalProperties: false })

// The compiler is the test, by `tsc -p test`: a line below "@ts-expect-error" that is no mistake is one itself. Nothing here is called.
describe('the types of core', () => {
  it('tell a plugin what its configuration is, from its schema', () => {
    definePlugin({
      name: 'typed',
      apiVersion: 1,
      config: Schema,
      setup: ({ config }) => {
        same<Same<typeof config, { interval_secs: number, mode: 'fast' | 'slow', file?: string }>>()
        // @ts-expect-error: the schema has no such key
        console.log(config.intervalSecs)
        // @ts-expect-error: it may not be there
        console.log(config.file.length)
        return {}
      }
    })
  })

  it('tell a plugin what its cradle holds, each with a type of its own', () => {
    type Tokens = 'announcer' | 'checks' | 'clock' | 'control' | 'hooks' | 'httpRoutes' | 'identity' | 'logger' | 'messages' | 'peerBook' | 'peerCalls' | 'random' | 'settings' | 'tunnels' | 'writes'
    same<Same<keyof Cradle, Tokens>>()
    same<Same<PluginCradle<typeof NoConfig>['clock'], Clock>>()
    same<Same<Cradle['control'], NodeControl>>()
    same<Same<Cradle['httpRoutes'], HttpRoutes>>()
    same<Same<Cradle['hooks'], PluginHooks>>()
    // @ts-expect-error: there is no such token
    definePlugin({ name: 'typed', apiVersion: 1, config: NoConfig, setup: ({ database }) => { console.log(database); return {} } })
  })

  it('refuse what is no plugin', () => {
    // @ts-expect-error: core speaks version 1
    definePlugin({ name: 'typed', apiVersion: 2, config: NoConfig, setup: () => ({}) })
    // @ts-expect-error: the schema is missing
    definePlugin({ name: 'typed', apiVersion: 1, setup: () => ({}) })
    // @ts-expect-error: setup is synchronous
    definePlugin({ name: 'typed', apiVersion: 1, config: NoConfig, setup: async () => ({}) })
    // @ts-expect-error: there is no such part
    const parts: PluginParts = { database: {} }
    expect(parts).to.have.keys('database')
  })

  it('refuse a part that is no transport', () => {
    // @ts-expect-error: `connect` is missing
    const transport: Transport = { reach: 'peer', start: async () => {}, stop: async () => {} }
    // @ts-expect-error: a transport reaches a peer, or what is shared
    const reach: Transport['reach'] = 'everybody'
    // @ts-expect-error: a push resolves to a receipt, not to nothing
    const push: Link['push'] = async () => {}
    expect([transport, reach, push]).to.have.length(3)
  })

  it('refuse a tap that returns what its hook cannot take', () => {
    const taps = (hooks: PluginHooks, veto: Veto | undefined) => {
      hooks.beforeWrite.tap('typed', () => veto)
      hooks.beforeWrite.tapPromise('typed', async ({ journal }) => journal.startsWith('x') ? { reason: 'no' } : undefined)
      hooks.selectTransport.tap('typed', (choices) => choices.toReversed())
      // @ts-expect-error: a veto has a reason
      hooks.beforeWrite.tap('typed', () => ({ retryAfterMs: 1 }))
      // @ts-expect-error: not to answer is undefined, never false
      hooks.beforeEnvelopeSend.tap('typed', () => false)
      // @ts-expect-error: transports are chosen, not named
      hooks.selectTransport.tap('typed', () => ['http'])
      // @ts-expect-error: it adds to the announcement that it got
      hooks.assembleAnnouncement.tap('typed', () => ({ agents: [] }))
      // @ts-expect-error: hooks can be tapped, and called by core alone
      hooks.onPeerDiscovered.call()
    }
    expect(taps).to.have.length(2)
  })

  it('ask for a home or a configuration, and for one of them', () => {
    const nodes = async (config: RuntimeConfig) => {
      await createNode({ home: '/a' })
      await createNode({ config, configDir: '/a' })
      // @ts-expect-error: neither
      await createNode({})
      // @ts-expect-error: both
      await createNode({ home: '/a', config, configDir: '/a' })
      // @ts-expect-error: a configuration without its folder
      await createNode({ config })
    }
    expect(nodes).to.have.length(1)
    same<Same<Extract<NodeOptions, { readonly home: string }>['config'], undefined>>()
  })

  it('know every code', () => {
    // @ts-expect-error: there is no such code
    const code: MeshErrorCode = 'MESH_OUT_OF_PIGEONS'
    // @ts-expect-error: nor can one ask for it
    expect(isMeshError(new MeshError('PIGEON_LOST', 'It is gone.'), 'PIGEON_LOST')).to.equal(true)
    // @ts-expect-error: a code has a prefix
    expect([code, new MeshError('gone', 'It is gone.').code]).to.deep.equal(['MESH_OUT_OF_PIGEONS', 'gone'])
  })

  it('tell a DID from a text', () => {
    const text: string = 'alpha'
    // @ts-expect-error: parseDid makes one of a text
    const did: Did = text
    expect(did).to.equal(text)
  })

  it('are those of every plugin', () => {
    same<Same<Plugin['apiVersion'], 1>>()
    same<Same<ReturnType<Plugin['setup']>, PluginParts>>()
  })
})

describe('these type tests', () => {
  it('fail, each of them, when core refuses nothing any more', () => {
    const file = join(root, 'test/packages/types.test.ts')
    const loose = readFileSync(file, 'utf8').replace(/} from '@akshi\/core'/, "} from './anything.ts'")
    const mistakes = [...loose.matchAll(/\/\/ @ts-expect-error: (.*)/g)].map(([, what]) => what)
    expect(unusedDirectives(file, loose)).to.deep.equal(mistakes)
  })
})

/** What stands behind the "@ts-expect-error" of a file, had it this text, where there is no error to expect. */
function unusedDirectives (file: string, text: string): string[] {
  const options: ts.CompilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, types: [], noEmit: true, allowImportingTsExtensions: true, noImplicitAny: false, strict: true }
  const host = ts.createCompilerHost(options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, target) => name === file ? ts.createSourceFile(name, text, target) : read(name, target)
  const program = ts.createProgram([file], options, host)
  const unused = program.getSemanticDiagnostics(program.getSourceFile(file)).filter(({ code }) => code === 2578)
  return unused.map(({ start = 0, length = 0 }) => text.slice(start, start + length).replace(/.*@ts-expect-error: /, ''))
}
