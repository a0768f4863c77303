// Makes packages/core/vendor/dist/typebox.js, as `pnpm install` does at its end: TypeBox is 700 modules, and whoever loads it from one file
// starts in half the time (docs/decisions/0019-typebox-in-one-file.md).
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const core = fileURLToPath(new URL('../packages/core/', import.meta.url))
const made = join(core, 'vendor/dist/typebox.js')

/** Makes the file from the TypeBox that is installed, unless it is there. */
export function vendor () {
  const wanted = readFileSync(join(core, 'vendor/typebox.d.ts'), 'utf8')
  const banner = `/* Of TypeBox ${version()}: ${wanted.match(/{.*}/g)?.join(' ')}\n\n${readFileSync(join(core, 'node_modules/typebox/license'), 'utf8').trim()} */\n`
  if (existsSync(made) && readFileSync(made, 'utf8').startsWith(banner)) return
  // The one that tsx brings: no second version to keep up to date.
  const { buildSync } = createRequire(createRequire(import.meta.url).resolve('tsx'))('esbuild')
  buildSync({
    stdin: { contents: wanted, resolveDir: core },
    outfile: made,
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    target: 'node20',
    format: 'esm',
    banner: { js: banner }
  })
}

function version () {
  return JSON.parse(readFileSync(join(core, 'node_modules/typebox/package.json'), 'utf8')).version
}

if (process.argv[1] === fileURLToPath(import.meta.url)) vendor()
