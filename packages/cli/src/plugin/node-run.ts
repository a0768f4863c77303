import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, describeError, type Plugin, type PluginParts } from '@akshi/core'
import type { Line } from './package-checks.ts'

/**
 * Starts and stops a node of its own that has this plugin and no other, in a temporary folder: for one that adds no transport or
 * discovery, since those have promises that a subject is needed for.
 */
export async function checkNode (plugin: Plugin, config: Readonly<Record<string, unknown>> = {}): Promise<readonly Line[]> {
  const what = 'a node with it starts, writes and stops'
  let parts: PluginParts = {}
  const watched: Plugin = { ...plugin, setup: (cradle) => { parts = plugin.setup(cradle); return parts } }
  const home = await mkdtemp(join(tmpdir(), 'akshi-plugin-'))
  try {
    const node = await createNode({ home, plugins: [{ plugin: watched, config, required: true }] })
    try {
      await node.start()
      await node.control.append('trial', [{ body: 'a line' }])
    } finally {
      await node.stop()
    }
    return [{ what }, ...missingSubject(parts)]
  } catch (error) {
    return [{ what, problem: describeError(error) }]
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

function missingSubject ({ transport, discovery }: PluginParts): readonly Line[] {
  const part = transport === undefined ? discovery && 'discovery' : 'transport'
  if (part === undefined) return []
  return [{ what: 'its promises can be checked', problem: `it adds a ${part}, but "akshi": { "conformance": FILE } in package.json names no module with a subject; see docs/plugin-authors.md` }]
}
