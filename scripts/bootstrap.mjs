import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vendor } from './vendor.mjs'

/** The root of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const { engines, packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const pnpmVersion = packageManager.split('@')[1]

/**
 * Makes a checkout ready to run with nothing but Node and npm: as `prepare`, and builds what changed. Ends the process with a message
 * and exit code 1 when it cannot.
 */
export function bootstrap () {
  prepare()
  build()
}

/** Installs what the lock file says unless it is there already. Ends the process as `bootstrap` does. */
export function prepare () {
  checkNode()
  if (!isInstalled()) {
    install()
    console.error('Building ...')
  }
  vendor()
}

function checkNode () {
  const wanted = engines.node.replace('>=', '')
  const [major, minor] = process.versions.node.split('.').map(Number)
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number)
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return
  fail(`Node ${wanted} or newer is needed, this is ${process.versions.node}. Get one from https://nodejs.org/`)
}

/** pnpm keeps a copy of the lock file it has installed from. */
function isInstalled () {
  const wanted = readText('pnpm-lock.yaml')
  return wanted !== undefined && readText('node_modules/.pnpm/lock.yaml') === wanted
}

function install () {
  console.error('Installing dependencies ...')
  const [program, ...words] = findPnpm()
  const { status, error } = run(program, [...words, 'install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'])
  if (status !== 0) fail(`pnpm could not install the dependencies${error === undefined ? '' : ` (${error.message})`}. Is the registry reachable?`)
}

/** pnpm itself where this version of it is installed, else the one that npx keeps or fetches. */
function findPnpm () {
  const { stdout } = spawnSync('pnpm', ['--version'], { cwd: root, encoding: 'utf8', shell: isWindows })
  return stdout?.trim() === pnpmVersion ? ['pnpm'] : ['npx', '-y', '--prefer-offline', `pnpm@${pnpmVersion}`]
}

function build () {
  const { status } = run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'])
  if (status !== 0) fail('The build failed; see above.')
}

const isWindows = process.platform === 'win32'

/** What tools print goes to stderr: stdout belongs to what is started afterwards. */
function run (program, words) {
  return spawnSync(program, words, { cwd: root, stdio: ['ignore', 2, 2], shell: isWindows && program !== process.execPath })
}

function readText (path) {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function fail (message) {
  console.error(message)
  process.exit(1)
}
