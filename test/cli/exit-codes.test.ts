import { readFileSync } from 'node:fs'
import { exitCodeOf, exitCodes } from '@akshi/cli'
import { MeshError, meshErrorCodes } from '@akshi/core'
import { expect } from 'chai'
import { Folder } from './support/command.ts'

describe('exit codes', () => {
  const used = new Set(meshErrorCodes.map((code) => exitCodeOf(new MeshError(code, ''))))

  it('give every error code one of the documented exit codes, and use each of them', () => {
    expect([...used].sort()).to.deep.equal(Object.keys(exitCodes).map(Number).filter((code) => code > 0))
  })

  it('follow the families of error codes', () => {
    const families = { MESH_CONFIG_: 3, MESH_PLUGIN_: 6, MESH_KEY_: 7, MESH_HOME_: 7 }
    for (const [prefix, exitCode] of Object.entries(families)) {
      const found = meshErrorCodes.filter((code) => code.startsWith(prefix)).map((code) => exitCodeOf(new MeshError(code, '')))
      expect(new Set(found)).to.deep.equal(new Set([exitCode]))
    }
  })

  it('count a plugin that could not start because of its port as the port', () => {
    const cause = new MeshError('MESH_PORT_IN_USE', '')
    expect(exitCodeOf(new MeshError('MESH_PLUGIN_START_FAILED', '', { cause }))).to.equal(8)
    expect(exitCodeOf(new MeshError('MESH_PLUGIN_START_FAILED', '', { cause: new Error('x') }))).to.equal(6)
  })

  it('of several errors are that of the first', () => {
    const errors = [new MeshError('MESH_PLUGIN_STOP_FAILED', ''), new Error('x')]
    expect([exitCodeOf(new AggregateError(errors)), exitCodeOf(new AggregateError([]))]).to.deep.equal([6, 1])
  })

  it('are 1 for what is no error of the mesh', () => {
    expect([new Error('x'), 'x', new MeshError('OTHER_THING', '')].map(exitCodeOf)).to.deep.equal([1, 1, 1])
  })

  it('are listed in the help and in the README as they are', async () => {
    await using folder = await Folder.create()
    const { stdout } = await folder.akshi(['--help'])
    const readme = readFileSync(new URL('../../packages/cli/README.md', import.meta.url), 'utf8')
    const rows = Object.entries(exitCodes)
    expect(rows.filter(([code, text]) => !stdout.includes(`${code}  ${text}`))).to.deep.equal([])
    expect([...readme.matchAll(/^\| (\d) \| (.+) \|$/gm)].map(([, code, text]) => [code, text])).to.deep.equal(rows)
  })
})
