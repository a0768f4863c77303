/* eslint-disable no-template-curly-in-string -- runtime.toml's own variables */
import { expect } from 'chai'
import { findProblems } from '../../packages/core/src/config-problems.ts'
import { createFolder, failureOf } from './config-folder.ts'

const did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

async function linesFor (toml: string, options: { env?: NodeJS.ProcessEnv, flags?: Record<string, unknown> } = {}): Promise<string[]> {
  await using folder = await createFolder({ 'runtime.toml': toml })
  const { code, lines } = await failureOf(folder.load(options))
  expect(code).to.equal('MESH_CONFIG_INVALID')
  return lines
}

describe('problems of a configuration', () => {
  it('come all at once, one line each, by file and key path', async () => {
    expect(await linesFor(`
      nodes = 1
      [node]
      name = "a b"
      home = ""
      [dashboard]
      port = "x"
      rate_limit = 0
      rate_limits = 3
      auth = [1]
      bind = { x = 1 }
      remote = 1979-05-27
      [mesh]
      trust = "all"
      [[mesh.peers]]
      node_did = "${did}"
      dashboard_port = 70_000
      [[mesh.peers]]
      node_did = "did:web:example.org"
      [[mesh.peers]]
      name = "no-did"
      endpoint = "2001:db8::1"
      [[mesh.peers]]
      name = "no-did"
      node_did = "${did}"
      [[agents]]
      name = "A"
      [[agents]]
      name = "x"
      [[agents]]
      name = "x"
      [telemetry]
      log_format = "compact"
    `)).to.have.members([
      'runtime.toml: nodes: unknown key; did you mean "node"?',
      'runtime.toml: node.name: expected 1 to 63 of letters, digits, dot, hyphen and underscore, starting with a letter or digit, got "a b"',
      'runtime.toml: node.home: expected string of 1 or more characters, got ""',
      'runtime.toml: dashboard.port: expected integer, got "x"',
      'runtime.toml: dashboard.rate_limit: expected integer >= 1, got 0',
      'runtime.toml: dashboard.rate_limits: unknown key; did you mean "rate_limit"?',
      'runtime.toml: dashboard.auth: expected boolean, got array',
      'runtime.toml: dashboard.bind: expected string, got table',
      'runtime.toml: dashboard.remote: expected boolean, got date',
      'runtime.toml: mesh.trust: expected "known", "lan" or "open", got "all"',
      'runtime.toml: mesh.peers[0].dashboard_port: expected integer from 1 to 65535, got 70000',
      'runtime.toml: mesh.peers[1].node_did: not a usable DID: "did:web:example.org" does not start with did:key:z',
      'runtime.toml: mesh.peers[2].node_did: expected string, got nothing (required)',
      'runtime.toml: mesh.peers[2].endpoint: expected host or host:port, an IPv6 address in brackets, got "2001:db8::1"',
      'runtime.toml: mesh.peers[3].node_did: the same as mesh.peers[0].node_did; list it once',
      'runtime.toml: mesh.peers[3].name: the same as mesh.peers[2].name; list it once',
      'runtime.toml: agents[0].name: expected 1 to 64 of a-z, 0-9, dot, hyphen and underscore, starting with a letter or digit, got "A"',
      'runtime.toml: agents[2].name: the same as agents[1].name; list it once',
      'runtime.toml: telemetry.log_format: expected "pretty" or "json", got "compact"'
    ])
  })

  it('say what stands where a section should', async () => {
    expect(await linesFor('dashboard = 3\nplugins = "x"', { env: { AKSHI_DASHBOARD_PORT: '1' } }))
      .to.have.members(['runtime.toml: dashboard: expected table, got 3', 'runtime.toml: plugins: expected array, got "x"'])
  })

  it('name the variable or the flags that a value is from', async () => {
    expect(await linesFor('[dashboard]\nport = 1', {
      env: { AKSHI_DASHBOARD_PORT: 'x', AKSHI_DASHBOARD_AUTH: 'yes', AKSHI_DASHBORD_BIND: '::', AKSHI_NODE_HOME: '/', AKSHI_ZZZ: '1', OTHER: '1' },
      flags: { 'mesh.trust': 'any', 'mesh.trusts': 'lan' }
    })).to.have.members([
      'AKSHI_DASHBOARD_PORT: dashboard.port: expected integer, got "x"',
      'AKSHI_DASHBOARD_AUTH: dashboard.auth: expected boolean, got "yes"',
      'AKSHI_DASHBORD_BIND: unknown variable; did you mean AKSHI_DASHBOARD_BIND?',
      'AKSHI_NODE_HOME: unknown variable; did you mean AKSHI_HOME_DIR?',
      'AKSHI_ZZZ: unknown variable',
      'flags: mesh.trust: expected "known", "lan" or "open", got "any"',
      'flags: mesh.trusts: unknown key; did you mean "mesh.trust"?'
    ])
  })

  it('name the key path and the variable that is not set, and nothing else of that key', async () => {
    expect(await linesFor('[dashboard]\nport = "${NO_PORT}"\n[mesh]\nid = "${NO_ID}${NO_MORE}"')).to.have.members([
      'runtime.toml: dashboard.port: the environment variable NO_PORT is not set (a plain ${ is written $${)',
      'runtime.toml: mesh.id: the environment variable NO_ID is not set (a plain ${ is written $${)'
    ])
  })

  it('show a filled-in string as the file has it, and a token not at all', async () => {
    const env = { SECRET: 's3cret' }
    expect(await linesFor('[dashboard]\ntoken = 12345\nport = "${SECRET}"\n[[mesh.peers]]\nnode_did = "${SECRET}"', { env })).to.have.members([
      'runtime.toml: dashboard.token: expected string, got a secret that is not shown',
      'runtime.toml: dashboard.port: expected integer, got "${SECRET}"',
      'runtime.toml: mesh.peers[0].node_did: not a usable DID: "${SECRET}"'
    ])
  })

  it('keep a path in the working folder short and others whole', async () => {
    await using folder = await createFolder({ 'conf/x.toml': '[node]\nname = 1', 'work/y': '' })
    const short = await failureOf(folder.load({ configPath: 'conf/x.toml' }))
    const whole = await failureOf(folder.load({ configPath: '../conf/x.toml', cwd: folder.join('work') }))
    expect([...short.lines, ...whole.lines].map((line) => line.split(': ')[0])).to.deep.equal(['conf/x.toml', folder.join('conf/x.toml')])
  })
})

describe('TOML syntax errors', () => {
  it('give file, line and column, and show the line with a caret', async () => {
    expect(await linesFor('[dashboard]\n\tport = "x\n')).to.deep.equal([
      'runtime.toml:2:11: control characters are not allowed in strings',
      '  2 | \tport = "x',
      '    | \t         ^'
    ])
  })

  it('do not show a line that may hold a secret', async () => {
    expect(await linesFor('[dashboard]\ntoken = "s3cret')).to.deep.equal(['runtime.toml:2:9: unfinished string', '  2 | token = (not shown)'])
    expect((await linesFor('dashboard = { port = 1, token = "s3cret", key = x y }')).join()).to.not.include('s3cret')
  })

  it('carry no cause that would show the lines around it', async () => {
    await using folder = await createFolder({ 'runtime.toml': 'token = "s3cret"\nx =' })
    expect(await folder.load().catch((error: Error) => error.cause)).to.equal(undefined)
  })
})

describe('findProblems', () => {
  it('finds more than the eight that TypeBox stops at', () => {
    const keys = Array.from({ length: 40 }, (_, index) => `key${index}`)
    const schema = { type: 'object', properties: Object.fromEntries(keys.map((key) => [key, { type: 'integer' }])) }
    expect(findProblems(schema, Object.fromEntries(keys.map((key) => [key, 'x'])))).to.have.length(40)
  })

  it('describes a union once, takes other keywords in their own words, and quotes keys that TOML would quote', () => {
    const union = { anyOf: [{ const: 'x' }, { type: 'integer' }] }
    const list = { type: 'array', items: { type: 'string', maxLength: 1 } }
    const schema = { type: 'object', properties: { 'a/b c': union, 1: list } }
    expect(findProblems(schema, { 'a/b c': true, 1: ['ok'] }, { at: 'plugins[0].config' })).to.have.deep.members([
      { path: 'plugins[0].config.1[0]', reason: 'must not have more than 1 characters, got "ok"' },
      { path: 'plugins[0].config."a/b c"', reason: 'expected "x" or integer, got true' }
    ])
  })
})
