import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { blame, core, ownerOf, placeOf } from '../../../packages/core/src/isolation/blame.ts'
import type { PluginHost } from '../../../packages/core/src/isolation/plugin-host.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const host = (name: string, place?: string) => ({ name, loaded: { place } }) as unknown as PluginHost
const [pigeon, nested, file, object] = [host('pigeon', '/mesh/node_modules/akshi-pigeon'), host('nested', '/mesh/node_modules/akshi-pigeon/node_modules/akshi-nested'), host('file', '/mesh/carrier.mjs'), host('object')]
const hosts = [pigeon, nested, file, object]
const nameOf = (...files: string[]) => ownerOf(files, hosts)?.name

/** An error with this stack. */
function thrownAt (...lines: string[]): Error {
  return Object.assign(new Error('out of coffee'), { stack: ['Error: out of coffee', ...lines.map((line) => `    at ${line}`)].join('\n') })
}

describe('blame', () => {
  it('falls on the plugin nearest to the throw', () => {
    expect([nameOf('/usr/lib/other.js', '/mesh/node_modules/akshi-pigeon/dist/index.js'), nameOf('/mesh/carrier.mjs', '/mesh/node_modules/akshi-pigeon/index.js')]).to.deep.equal(['pigeon', 'file'])
  })

  it('falls on the innermost package, and on no file that lies beside one', () => {
    expect([nameOf('/mesh/node_modules/akshi-pigeon/node_modules/akshi-nested/a.js'), nameOf('/mesh/carrier.mjs.bak'), nameOf('/mesh/node_modules/akshi-pigeon-loft/a.js')]).to.deep.equal(['nested', undefined, undefined])
  })

  it('falls on nobody when core threw, though a plugin called it', () => {
    expect([nameOf(join(core, 'dist/envelope.js'), '/mesh/carrier.mjs'), nameOf('/mesh/carrier.mjs', join(core, 'dist/hooks.js'))]).to.deep.equal([undefined, 'file'])
  })

  it('reads stacks of functions, methods, modules, promises and what is anonymous', () => {
    const at = ['file:///mesh/carrier.mjs:1:2', 'Object.fly (file:///mesh/carrier.mjs:1:2)', 'async Promise.all (index 0)', 'new Carrier (/mesh/carrier.mjs:10:22)', 'async /mesh/carrier.mjs:3:4', 'Timeout._onTimeout [as fly] (file:///mesh/carrier.mjs:1:2)']
    expect(at.map((line) => blame(thrownAt('node:internal/timers:581:17', line), hosts)?.name)).to.deep.equal(['file', 'file', undefined, 'file', 'file', 'file'])
  })

  it('falls on nobody for what is no error, or has no stack', () => {
    expect(['text', undefined, Object.assign(new Error('x'), { stack: undefined })].map((error) => blame(error, hosts))).to.deep.equal([undefined, undefined, undefined])
  })
})

describe('placeOf', () => {
  it('is the folder of the package, or the file where that is the package of runtime.toml, or there is none', async () => {
    await using folder = await temporaryFolder()
    const dist = join(folder.path, 'akshi-pigeon/dist')
    await mkdir(dist, { recursive: true })
    await writeFile(join(folder.path, 'akshi-pigeon/package.json'), '{}')
    const file = join(dist, 'index.js')
    const places = [folder.path, join(folder.path, 'akshi-pigeon'), join(folder.path, 'akshi-pigeon/nodes/alpha')].map((configDir) => placeOf(pathToFileURL(file), configDir))
    expect([...places, placeOf(pathToFileURL(join(folder.path, 'carrier.mjs')), folder.path)]).to.deep.equal([join(folder.path, 'akshi-pigeon'), file, file, join(folder.path, 'carrier.mjs')])
  })
})
