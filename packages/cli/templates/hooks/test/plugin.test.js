import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { configTable, createNode } from '@akshi/core'
import plugin from '../src/index.js'
import { config } from './conformance.js'

test('it keeps words out of journals, and nothing else', async () => {
  const home = await mkdtemp(join(tmpdir(), 'akshi-'))
  const node = await createNode({ home, plugins: [{ plugin, config }] })
  try {
    await node.start()
    await node.control.append('notes', [{ body: 'welcome' }])
    await assert.rejects(node.control.append('notes', [{ body: 'this is verboten' }]), { code: 'MESH_WRITE_VETOED' })
    const { entries } = await node.control.read('notes')
    assert.deepEqual(entries.map(({ body }) => body), ['welcome'])
  } finally {
    await node.stop()
    await rm(home, { recursive: true })
  }
})

test('its README has the table of its keys', async () => {
  assert.ok((await readFile(new URL('../README.md', import.meta.url), 'utf8')).includes(configTable(plugin.config)))
})
