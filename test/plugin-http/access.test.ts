import { expect } from 'chai'
import { createIdentity, type NodeSettings } from '@akshi/core'
import { checkLocal, checkMesh, isLocal, isLoopback } from '../../packages/plugin-http/src/access.ts'
import type { Caller } from '../../packages/plugin-http/src/caller.ts'
import type { RequestError } from '../../packages/plugin-http/src/request-error.ts'
import { token } from './fixture.ts'

const dashboard: NodeSettings['dashboard'] = { port: 3210, bind: '0.0.0.0', token, auth: true, remote: false, rateLimitPerMinute: 1, rateLimitBurst: 1 }
const caller: Caller = { address: '127.0.0.1', localAddress: '127.0.0.1', localPort: 3210, secure: false, did: undefined }
const headers = { host: 'localhost:3210', authorization: `Bearer ${token}` }

function outcome (run: () => unknown): unknown {
  try {
    run()
    return 'admitted'
  } catch (error) {
    const { status, code } = error as RequestError
    return `${status} ${code}`
  }
}

describe('isLoopback', () => {
  it('knows 127.0.0.0/8, ::1 and their mapped forms, and nothing else', () => {
    const given = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '10.0.0.1', '::ffff:10.0.0.1', '::', '0.0.0.0', 'localhost', '']
    expect(given.filter(isLoopback)).to.deep.equal(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
  })
})

describe('isLocal', () => {
  it('takes loopback, this machine calling itself, and everybody when remote use is on', () => {
    expect([
      isLocal('127.0.0.1', '127.0.0.1', false),
      isLocal('192.0.2.7', '192.0.2.7', false),
      isLocal('192.0.2.8', '192.0.2.7', false),
      isLocal('', '', false),
      isLocal('192.0.2.8', '192.0.2.7', true)
    ]).to.deep.equal([true, true, false, false, true])
  })
})

describe('checkLocal', () => {
  const check = (change: { caller?: Partial<Caller>, headers?: object, dashboard?: Partial<NodeSettings['dashboard']> }) =>
    outcome(() => checkLocal({ ...caller, ...change.caller }, { ...headers, ...change.headers }, { ...dashboard, ...change.dashboard }))

  it('admits this machine with the token, by any of its names', () => {
    expect(['localhost:3210', 'LOCALHOST:3210', '127.0.0.1:3210', '[::1]:3210'].map((host) => check({ headers: { host } })))
      .to.deep.equal(['admitted', 'admitted', 'admitted', 'admitted'])
  })

  it('refuses other machines unless remote use is on, and then knows its own address', () => {
    const remote = { caller: { address: '192.0.2.8', localAddress: '192.0.2.7' }, headers: { host: '192.0.2.7:3210' } }
    expect([check(remote), check({ ...remote, dashboard: { remote: true } })]).to.deep.equal(['403 MESH_NOT_TRUSTED', 'admitted'])
  })

  it('refuses foreign and missing names: a page may have its DNS point here', () => {
    expect(['evil.example:3210', 'localhost', 'localhost:1', 'localhost.evil.example:3210', undefined].map((host) => check({ headers: { host } })))
      .to.deep.equal(Array(5).fill('403 MESH_NOT_TRUSTED'))
  })

  it('refuses foreign origins and admits its own', () => {
    expect(['http://localhost:3210', 'https://localhost:3210', 'http://evil.example', 'null'].map((origin) => check({ headers: { origin } })))
      .to.deep.equal(['admitted', '403 MESH_NOT_TRUSTED', '403 MESH_NOT_TRUSTED', '403 MESH_NOT_TRUSTED'])
  })

  it('refuses a wrong, missing or empty token', () => {
    expect([
      check({ headers: { authorization: 'Bearer wrong' } }),
      check({ headers: { authorization: undefined } }),
      check({ headers: { authorization: `Basic ${token}` } }),
      check({ headers: { authorization: 'Bearer ' }, dashboard: { token: '' } })
    ]).to.deep.equal(Array(4).fill('401 MESH_TOKEN_INVALID'))
  })

  it('needs no token where auth is off, on this machine alone', () => {
    const open = { headers: { authorization: undefined }, dashboard: { auth: false, remote: true } }
    const remote = { address: '192.0.2.8', localAddress: '192.0.2.7' }
    expect([check(open), check({ ...open, caller: remote, headers: { host: '192.0.2.7:3210', authorization: undefined } })])
      .to.deep.equal(['admitted', '401 MESH_TOKEN_INVALID'])
  })
})

describe('checkMesh', () => {
  it('wants TLS, then a certificate, then trust', () => {
    const { did } = createIdentity()
    const check = (change: Partial<Caller>, trusted: boolean) => outcome(() => checkMesh({ ...caller, ...change }, () => trusted))
    expect([
      check({}, true), check({ secure: true }, true), check({ secure: true, did }, false), check({ secure: true, did }, true)
    ]).to.deep.equal(['403 MESH_NOT_TRUSTED', '401 MESH_NOT_TRUSTED', '403 MESH_NOT_TRUSTED', 'admitted'])
  })
})
