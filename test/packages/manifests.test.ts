import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import ts from 'typescript'
import { publicPackages, readManifest, root } from './support/packages.ts'

const repository = 'https://github.com/akshi-mesh/akshi-mesh'

/** Modules of a package that do something to the rest of the process when they are imported. */
function effectsOf (path: string): string[] {
  const files = readdirSync(join(path, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.filter((file) => {
    const { statements } = ts.createSourceFile(file, readFileSync(join(path, 'src', file), 'utf8'), ts.ScriptTarget.ES2023, true)
    const own = new Set(statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) => declarationList.declarations.map(({ name }) => name.getText())))
    return !statements.every((each) => ts.isDeclarationStatement(each) || ts.isVariableStatement(each) || isAbout(each, own))
  })
}

/** Whether a statement is a call with something of the module's own. */
function isAbout (statement: ts.Statement, own: ReadonlySet<string>): boolean {
  if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression)) return false
  const { expression, arguments: values } = statement.expression
  return [ts.isPropertyAccessExpression(expression) ? expression.expression : expression, ...values].some((each) => own.has(each.getText()))
}

for (const { folder, path, manifest } of publicPackages) {
  describe(`package.json of ${manifest.name}`, () => {
    it('says what it is, whose, where from, and under which licence', () => {
      const { license, author, homepage, bugs, repository: from, description = '', keywords = [] } = manifest
      expect({ license, author, homepage, bugs, from }).to.deep.equal({
        license: 'MIT',
        author: 'The Akshi mesh authors',
        homepage: `${repository}/tree/main/packages/${folder}#readme`,
        bugs: { url: `${repository}/issues` },
        from: { type: 'git', url: `git+${repository}.git`, directory: `packages/${folder}` }
      })
      expect(description).to.match(/^[A-Z].{10,}[^.]$/)
      expect(keywords).to.include('akshi')
      expect(keywords.includes('akshi-plugin')).to.equal(folder.startsWith('plugin-'))
    })

    it('lets it be published by CI, with its provenance, without what was deleted', () => {
      expect(manifest.publishConfig).to.deep.equal({ access: 'public', provenance: true })
      expect(manifest.scripts).to.deep.equal({ prepack: 'node ../../scripts/prune.mjs' })
    })

    it('says truly which of its modules do something when they are imported', () => {
      const effects = effectsOf(path).flatMap((file) => [`./dist/${file.replace('.ts', '.js')}`, `./src/${file}`])
      expect(manifest.sideEffects).to.deep.equal(effects.length === 0 ? false : effects)
    })

    it('has a README with its name', () => {
      expect(readFileSync(join(path, 'README.md'), 'utf8')).to.match(new RegExp(`^# .*${manifest.name}`))
    })
  })
}

describe('package.json', () => {
  it('has one version in all packages', () => {
    expect(new Set(publicPackages.map(({ manifest }) => manifest.version)).size).to.equal(1)
  })

  it('names scripts that are there', () => {
    const { scripts = {} } = readManifest(join(root, 'package.json'))
    const paths = Object.values(scripts).flatMap((script) => [...script.matchAll(/[\w/.-]+\.mjs/g)].map(([path]) => path))
    expect(paths.filter((path) => !existsSync(join(root, path)))).to.deep.equal([])
  })
})
