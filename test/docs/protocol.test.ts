import { expect } from 'chai'
import { meshRoutes } from '../../packages/plugin-http/src/mesh-routes.ts'
import { makeVectors } from '../vectors/make.ts'
import { readDoc, readVectors, tableBelow } from './vector-files.ts'

const text = readDoc('protocol.md')

describe('docs/protocol.md', () => {
  it('shows the first envelope of the vectors, byte for byte', () => {
    const block = /```hex\n(.*?)```/s.exec(text)?.[1] ?? ''
    expect(block.replaceAll(/;.*$|\s/gm, '')).to.equal(readVectors('envelope').envelopes[0]?.bytes)
  })

  it('has a row for each verdict', () => {
    const told = tableBelow(text, '### Verdicts').map(([verdict]) => verdict)
    expect(told).to.deep.equal(readVectors('sync').receipt.verdicts.map(({ status }) => `\`${status}\``))
  })

  it('has a row for each mesh route and method', () => {
    const told = tableBelow(text, '## Routes').flatMap(([route = '', who]) => who?.startsWith('peer') === true ? [route.slice(1, -1)] : [])
    const routes = [...meshRoutes({ receiver: {} as never, control: {} as never, meshId: '' })]
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
    expect(new Set(told)).to.deep.equal(new Set(routes))
  })

  it('lists the keys of small order that the vectors have', () => {
    const listed = [...text.matchAll(/^[0-9a-f]{64}$/gm)].map(([key]) => key)
    expect(listed).to.deep.equal(readVectors('identity').refusedPublicKeys.filter((_, index) => index % 2 === 0))
  })

  it('names every file of the vectors', async () => {
    const told = tableBelow(text, '## Test vectors').map(([file = '']) => file.replaceAll('`', ''))
    expect(told).to.deep.equal(Object.keys(await makeVectors()).map((name) => `${name}.json`))
  })
})
