// Before a package is packed, in its folder: removes from dist/ what has no source any more. The compiler leaves it there.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

for (const path of readdirSync('dist', { recursive: true })) {
  const [, name] = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(path) ?? []
  if (name !== undefined && !existsSync(join('src', `${name}.ts`))) rmSync(join('dist', path), { force: true })
}
