// Starts both nodes and the Python agent, as the README does by hand, but on free ports and in a folder that is removed at the end.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const here = import.meta.dirname
const command = join(dirname(fileURLToPath(import.meta.resolve('@akshi/cli/package.json'))), 'bin/akshi.js')
const cwd = await mkdtemp(join(tmpdir(), 'akshi-two-languages-'))
const text = process.argv.slice(2).join(' ') || '3 days in Rome'
const run = ['run', '--log-level', 'warn']
const children = []

try {
  const [alphaPort, betaPort, costsPort] = await freePorts(3)
  for (const name of ['alpha.toml', 'beta.toml']) {
    const toml = await readFile(join(here, name), 'utf8')
    await writeFile(join(cwd, name), toml.replaceAll('3210', alphaPort).replaceAll('3211', betaPort).replaceAll('9000', costsPort))
  }
  await symlink(join(here, 'dist'), join(cwd, 'dist'))

  const { did: alphaDid } = await akshi('init -c alpha.toml')
  const env = { ALPHA_DID: alphaDid }
  const { did: betaDid } = await akshi('init -c beta.toml', env)
  const [alpha, beta] = await Promise.all([akshi('token -c alpha.toml'), akshi('token -c beta.toml', env)])

  // Each agent is given its own node, and the token of that.
  await Promise.all([
    start('python3', [join(here, 'costs.py')], { NODE_URL: `http://127.0.0.1:${betaPort}`, NODE_TOKEN: beta.token, PORT: costsPort }),
    start(process.execPath, [command, ...run, '-c', 'alpha.toml'], { NODE_URL: `http://127.0.0.1:${alphaPort}`, NODE_TOKEN: alpha.token })
  ])
  await akshi(`trust ${betaDid} -c alpha.toml`)
  await start(process.execPath, [command, ...run, '-c', 'beta.toml'], env)
  await Promise.all([akshi('wait --seen beta -c alpha.toml'), akshi('wait --seen alpha -c beta.toml', env)])

  const { output } = await akshi('a2a send planner -c alpha.toml', {}, text)
  const { tasks } = await akshi('a2a tasks -c alpha.toml')
  const withNames = (line) => line.replaceAll(alphaDid, 'alpha').replaceAll(betaDid, 'beta')
  for (const { from, to, input } of tasks.reverse()) console.log(withNames(`${from} -> ${to}: ${input}`))
  console.log(output)
} finally {
  await Promise.all(children.map((child) => stop(child)))
  await rm(cwd, { recursive: true })
}

/** What the command answers, as JSON. */
async function akshi (words, env = {}, ...more) {
  const { stdout } = await promisify(execFile)(process.execPath, [command, ...words.split(' '), '--json', ...more], { cwd, env: { ...process.env, ...env } })
  return JSON.parse(stdout)
}

/** Resolves when the program has said its first line. */
async function start (program, words, env) {
  const child = spawn(program, words, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child, 'spawn')
  children.push(child)
  const lines = createInterface(child.stdout)
  await Promise.race([once(lines, 'line'), once(child, 'exit').then(([code]) => { throw new Error(`${program} ended with ${code}`) })])
}

async function stop (child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}

/** Held at once, so that they differ. */
async function freePorts (count) {
  const servers = await Promise.all(Array.from({ length: count }, async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }))
  const ports = servers.map((server) => String(server.address().port))
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
