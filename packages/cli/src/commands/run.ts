import { createLogger, createNode, type Runtime } from '@akshi/core'
import { Option, type Command } from 'commander'
import { parsePort } from '../arguments.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { dhtBootstrapOption, withDhtBootstrap } from './dht.ts'

interface RunOptions {
  readonly port?: number
  readonly bind?: string
  readonly trust?: string
  readonly logLevel?: string
  readonly logFormat?: string
  readonly dhtBootstrap?: readonly string[]
}

/** `akshi run`: a node in the foreground, until SIGINT or SIGTERM. Its log goes to stderr. */
export function addRun (program: Command, invocation: Invocation): void {
  program.command('run')
    .summary('run the node here, until Ctrl-C')
    .description('Runs the node in the foreground. The first SIGINT or SIGTERM stops it cleanly (exit code 0), a second one at once. The log goes to stderr. Options win over runtime.toml.')
    .option('--port <port>', 'dashboard.port: the one network port, 0 for any free one', parsePort)
    .option('--bind <address>', 'dashboard.bind: the address to listen on')
    .addOption(new Option('--trust <policy>', 'mesh.trust: who is let in without being asked').choices(['known', 'lan', 'open']))
    .addOption(new Option('--log-level <level>', 'telemetry.log_level').choices(['debug', 'info', 'warn', 'error']))
    .addOption(new Option('--log-format <format>', 'telemetry.log_format').choices(['pretty', 'json']))
    .addOption(dhtBootstrapOption())
    .addHelpText('after', examples([
      ['akshi run', 'the node of this folder, or of ~/.akshi'],
      ['akshi run --home ./beta --port 0', 'another node, on any free port'],
      ['akshi run --trust lan', 'let in whom it meets on the local network']
    ], 'akshi status, in another terminal'))
    .action((options: RunOptions) => run(invocation, options))
}

async function run (invocation: Invocation, options: RunOptions): Promise<void> {
  const stop = invocation.io.interruption()
  const runtime = await createRuntime(invocation, options)
  // A start that fails has undone itself; one that is interrupted ends first, within its deadline.
  const letCrash = invocation.io.uncaught((error) => runtime.contain(error))
  try {
    await runtime.start()
    await runUntil(stop, invocation, runtime)
  } finally {
    letCrash()
    invocation.io.leave()
  }
}

async function runUntil (stop: AbortSignal, invocation: Invocation, runtime: Runtime): Promise<void> {
  try {
    showNode(invocation, runtime)
    const failure = await Promise.race([aborted(stop), runtime.failure])
    if (failure !== undefined) throw failure
  } finally {
    await runtime.stop()
  }
}

async function createRuntime (invocation: Invocation, options: RunOptions): Promise<Runtime> {
  const loaded = await invocation.loadConfig(configFlags(options))
  const { io } = invocation
  const { log_level: level, log_format: format } = loaded.config.telemetry
  return await createNode({
    config: withDhtBootstrap(loaded.config, options.dhtBootstrap),
    configDir: invocation.configDir(loaded),
    pluginDir: import.meta.dirname,
    written: loaded.written,
    watchesStalls: true,
    logger: createLogger({ level, format, clock: io.clock, write: (line) => io.stderr.write(`${line}\n`) })
  })
}

/** The key path in runtime.toml of each option that was given. */
function configFlags ({ port, bind, trust, logLevel, logFormat }: RunOptions): Record<string, unknown> {
  const flags = {
    'dashboard.port': port,
    'dashboard.bind': bind,
    'mesh.trust': trust,
    'telemetry.log_level': logLevel,
    'telemetry.log_format': logFormat
  }
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
}

function showNode (invocation: Invocation, runtime: Runtime): void {
  const { name, did, home, pid, mesh, url, plugins } = runtime.control.status()
  const failed = plugins.filter(({ state }) => state === 'failed')
  const { terminal } = invocation
  terminal.result({ name, did, url, home, pid, ...failed.length > 0 && { failedPlugins: failed.map(({ name }) => name) } }, () => [
    `${terminal.style('bold', name)} is running; Ctrl-C stops it`,
    `  DID    ${did}`,
    `  local  ${url === '' ? 'none: no plugin gives this node a local API, so no command can ask it anything' : url}`,
    `  mesh   "${mesh.id}", trust = "${mesh.trust}"`,
    `  home   ${home}`,
    ...failed.map(({ name }) => terminal.style('yellow', `  without plugin "${name}", which has failed: ${invocation.command('doctor')}`)),
    ...url === '' ? [] : [`  next   ${invocation.command('status')}`]
  ])
}

function aborted (signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
