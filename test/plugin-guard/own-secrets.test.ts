import { mkdir, writeFile } from 'node:fs/promises'
import { createIdentity, silentLogger, type NodeSettings } from '@akshi/core'
import { VirtualClock } from '@akshi/testkit'
import { expect } from 'chai'
import { OwnSecrets } from '../../packages/plugin-guard/src/own-secrets.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { alnum, draw, drawBytes } from './adversarial/draws.ts'
import { scannerOf } from './support.ts'

function secretsIn (home: string, env: Record<string, string> = {}) {
  const clock = new VirtualClock()
  const settings = { home, dashboard: { token: draw(alnum, 30) } } as unknown as NodeSettings
  const secrets = new OwnSecrets({ identity: createIdentity(), settings, env: new Map(Object.entries(env)), clock, logger: silentLogger })
  const rulesOf = (value: unknown) => [...new Set(scannerOf({ known: secrets.all }).scan(value).map(({ rule }) => rule))]
  return { secrets, clock, rulesOf }
}

describe('OwnSecrets', () => {
  it('has the values of variables, in any encoding, under the variable\'s name, and not those that are too short', async () => {
    await using folder = await temporaryFolder()
    const value = 'quiet meadow, north'
    const { rulesOf } = secretsIn(folder.path, { DB_WORDS: value, SHORT: 'yes' })
    const forms = [value, `x${value}x`, Buffer.from(value).toString('base64'), Buffer.from(`ab${value}`).toString('base64url'), Buffer.from(value).toString('hex'), encodeURIComponent(value), JSON.stringify(JSON.stringify({ value }))]
    expect([forms.map((form) => rulesOf({ form }).includes('env-db-words')), rulesOf('yes, short')]).to.deep.equal([forms.map(() => true), []])
  })

  it('has every file in the security folder, as text and as the bytes that its base64 is, anew when it changes, at most once a second', async () => {
    await using folder = await temporaryFolder()
    const { secrets, clock, rulesOf } = secretsIn(folder.path)
    await secrets.refresh()
    await mkdir(folder.join('security'))
    const key = drawBytes(32)
    await writeFile(folder.join('security', 'some_key'), `${key.toString('base64')}\n`)
    await secrets.refresh()
    const early = rulesOf({ a: key.toString('hex') })
    await clock.advance(1_000)
    await secrets.refresh()
    expect([early, rulesOf({ a: key.toString('hex') }), rulesOf({ a: [...key] })]).to.deep.equal([[], ['own-file'], ['own-file']])
  })
})
