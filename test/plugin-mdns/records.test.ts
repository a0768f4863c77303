import type { Did } from '@akshi/core'
import { expect } from 'chai'
import { instanceLabel } from '../../packages/plugin-mdns/src/records.ts'

const did: Did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

describe('instanceLabel', () => {
  const names: readonly [name: string, label: string][] = [
    ['alpha', 'alpha-EGta2doK'],
    ['Ada\'s laptop.local', 'Ada-s-laptop-local-EGta2doK'],
    ['-.-', 'node-EGta2doK'],
    ['日本', 'node-EGta2doK'],
    ['x'.repeat(200), `${'x'.repeat(54)}-EGta2doK`]
  ]
  for (const [name, label] of names) {
    it(`makes one DNS label of "${name.slice(0, 20)}" and the end of the DID`, () => {
      expect(instanceLabel(name, did)).to.equal(label)
      expect(instanceLabel(name, did)).to.match(/^[A-Za-z0-9-]{1,63}$/)
    })
  }
})
