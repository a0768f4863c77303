import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const root = fileURLToPath(new URL('../..', import.meta.url))
const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md')).map((file) => join('docs', file))
const readmes = ['packages', 'examples'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name, 'README.md')))
const pages = [...docs, 'README.md', 'CONTRIBUTING.md', 'UPGRADING.md', ...readmes]

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf (path: string): string[] {
  const headings = readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^a-z0-9 _-]/g, '').replaceAll(' ', '-'))
}

function leadsSomewhere (link: string, page: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? page : resolve(dirname(page), file)
  return existsSync(target) && (anchor === undefined || anchorsOf(target).includes(anchor))
}

describe('pages of documentation', () => {
  for (const file of pages) {
    it(`has no dead link in ${file}`, () => {
      const page = join(root, file)
      const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link)
      expect(links.filter((link) => !leadsSomewhere(link, page))).to.deep.equal([])
    })
  }
})
