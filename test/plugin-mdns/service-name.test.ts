import type { Did } from '@akshi/core'
import { expect } from 'chai'
import { ServiceName } from '../../packages/plugin-mdns/src/service-name.ts'

const did: Did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

describe('ServiceName', () => {
  const names: readonly [name: string, label: string, host: string][] = [
    ['alpha', 'alpha', 'alpha-EGta2doK.local'],
    ['Ada\'s laptop.local', 'Ada\'s laptop-local', 'Ada-s-laptop-local-EGta2doK.local'],
    ['-.-', 'node', 'node-EGta2doK.local'],
    ['日本', '日本', 'node-EGta2doK.local'],
    ['\u001b[31mred', '-[31mred', '31mred-EGta2doK.local'],
    ['x'.repeat(200), 'x'.repeat(63), `${'x'.repeat(54)}-EGta2doK.local`],
    ['ä'.repeat(40), 'ä'.repeat(31), 'node-EGta2doK.local']
  ]
  for (const [name, label, host] of names) {
    it(`makes DNS labels of ${JSON.stringify(name.slice(0, 20))}`, () => {
      const found = new ServiceName(name, did)
      expect([found.label, found.host]).to.deep.equal([label, host])
      expect(found.host).to.match(/^[A-Za-z0-9-]{1,63}\.local$/)
    })
  }

  it('takes names with the end of the DID where others have the first', () => {
    const name = new ServiceName('alpha', did)
    const tried = [1, 2, 3].map(() => {
      name.rename()
      return [name.label, name.host]
    })
    expect(tried).to.deep.equal([
      ['alpha (EGta2doK)', 'alpha-EGta2doK-2.local'], ['alpha (EGta2doK-3)', 'alpha-EGta2doK-3.local'], ['alpha (EGta2doK-4)', 'alpha-EGta2doK-4.local']
    ])
  })

  it('stays within 63 bytes however it is called', () => {
    const name = new ServiceName('ä'.repeat(200), did)
    name.rename()
    expect(name.label).to.equal(`${'ä'.repeat(26)} (EGta2doK)`)
  })
})
