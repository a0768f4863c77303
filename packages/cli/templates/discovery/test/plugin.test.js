import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { configTable } from '@akshi/core'
import { discoveryCasesOf } from '@akshi/testkit'
import plugin from '../src/index.js'
import { subject } from './conformance.js'

for (const { name, run } of discoveryCasesOf(subject)) test(name, () => run(subject))

test('its README has the table of its keys', async () => {
  assert.ok((await readFile(new URL('../README.md', import.meta.url), 'utf8')).includes(configTable(plugin.config)))
})
