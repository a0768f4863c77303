import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LabNode } from './lab-node.ts'

const core = new URL('../../../packages/core/dist/index.js', import.meta.url)

/** Writes `<name>.mjs` beside a node's runtime.toml: a plugin with this `setup` method. */
export async function writePlugin ({ home }: LabNode, name: string, setup: string): Promise<void> {
  await writeFile(join(home, `${name}.mjs`), `import { definePlugin, NoConfig } from ${JSON.stringify(core.href)}
export default definePlugin({
  name: ${JSON.stringify(name)},
  apiVersion: 1,
  config: NoConfig,
  ${setup}
})
`)
}
