import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { publicPackages, root } from './support/packages.ts'
import { readReleasePlan } from './support/release-plan.ts'

const text = readFileSync(join(root, 'UPGRADING.md'), 'utf8')
const reports = ['core', 'testkit'].map((name) => readFileSync(join(root, 'api', `${name}.api.md`), 'utf8')).join('\n')

describe('UPGRADING.md', () => {
  it('calls nothing frozen that is not public', () => {
    const rows = text.split('\n').filter((line) => /^\| [^-C]/.test(line)).map((line) => line.split('|')[2] ?? '')
    const names = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
    expect(names).to.include.members(['definePlugin', 'Cradle', 'PluginHooks', 'Discovery', 'Transport', 'Link', 'MeshErrorCode', 'createNode'])
    expect(names.filter((name) => !new RegExp(`^export (?:interface|class|type|function|const) ${name}\\b`, 'm').test(reports))).to.deep.equal([])
  })

  it('has a chapter for the version that comes next', async () => {
    const { releases: [next] } = await readReleasePlan()
    const [major, minor] = (next?.newVersion ?? publicPackages[0]?.manifest.version ?? '').split('.')
    expect(text).to.match(new RegExp(`^## \\d+\\.\\d+ to ${major}\\.${minor}$`, 'm'))
  })
})
