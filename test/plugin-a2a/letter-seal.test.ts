import { expect } from 'chai'
import { createIdentity } from '@akshi/core'
import { LetterSeal } from '../../packages/plugin-a2a/src/letter-seal.ts'

const [alice, bob, eve] = [createIdentity(), createIdentity(), createIdentity()]
const words = Buffer.from('for bob alone')

async function opens (opening: Promise<Uint8Array>): Promise<string> {
  return await opening.then((plain) => Buffer.from(plain).toString(), () => 'refused')
}

describe('LetterSeal', () => {
  it('is opened by its recipient alone, and only as from who sealed it, to whom, and in this mesh', async () => {
    const sealed = await new LetterSeal('mesh', alice).seal(bob.did, bob.sealingKey, words)
    const altered = Uint8Array.from(sealed)
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
    const reader = new LetterSeal('mesh', bob)
    expect({
      recipient: await opens(reader.open(alice.did, sealed)),
      'another node': await opens(new LetterSeal('mesh', eve).open(alice.did, sealed)),
      'as of another': await opens(reader.open(eve.did, sealed)),
      'in another mesh': await opens(new LetterSeal('other', bob).open(alice.did, sealed)),
      altered: await opens(reader.open(alice.did, altered)),
      cut: await opens(reader.open(alice.did, sealed.subarray(0, 20)))
    }).to.deep.equal({ recipient: 'for bob alone', 'another node': 'refused', 'as of another': 'refused', 'in another mesh': 'refused', altered: 'refused', cut: 'refused' })
    expect(Buffer.from(sealed).includes(words)).to.equal(false)
  })

  it('looks different each time', async () => {
    const seal = new LetterSeal('mesh', alice)
    const [one, two] = [await seal.seal(bob.did, bob.sealingKey, words), await seal.seal(bob.did, bob.sealingKey, words)]
    expect(Buffer.compare(one, two)).to.not.equal(0)
  })
})
