import { Command } from 'commander'
import { addA2a } from './commands/a2a.ts'
import { addAgents } from './commands/agents.ts'
import { addCert } from './commands/cert.ts'
import { addConfig } from './commands/config.ts'
import { addConvergence } from './commands/convergence.ts'
import { addDemo } from './commands/demo.ts'
import { addDht } from './commands/dht.ts'
import { addDoctor } from './commands/doctor.ts'
import { addId } from './commands/id.ts'
import { addInit } from './commands/init.ts'
import { addJournal } from './commands/journal.ts'
import { addMesh } from './commands/mesh.ts'
import { addPeers } from './commands/peers.ts'
import { addPlugin } from './commands/plugin.ts'
import { addRun } from './commands/run.ts'
import { addStatus } from './commands/status.ts'
import { addStop } from './commands/stop.ts'
import { addToken } from './commands/token.ts'
import { addTrust } from './commands/trust.ts'
import { addUntrust } from './commands/untrust.ts'
import { addWait } from './commands/wait.ts'
import { addWhy } from './commands/why.ts'
import { exitCodeHelp } from './guide.ts'
import { Invocation } from './invocation.ts'
import type { Io } from './io.ts'
import { version } from './version.ts'

/** Adds one command to the program. `invocation` is for its action: options are known only when that runs. */
export type AddCommand = (program: Command, invocation: Invocation) => void

/** In the order of the help: making a node, running it, looking at it, writing to it, checking. */
const commands: readonly AddCommand[] = [
  addInit, addRun, addStop, addDemo, addStatus, addPeers, addWhy, addDoctor, addConvergence, addTrust, addUntrust, addJournal, addAgents, addA2a, addWait, addId, addToken, addCert, addMesh, addDht, addConfig, addPlugin
]

/** The whole command line. It throws `CommanderError` where commander would end the process. */
export function createProgram (io: Io): Command {
  const program = new Command('akshi')
    .description('A mesh of nodes that keep agent journals in sync, with no central server')
    .version(version, '-V, --version', 'print the version')
    .option('-c, --config <file>', 'runtime.toml to use')
    .option('--home <dir>', "the node's folder (default: AKSHI_HOME_DIR, runtime.toml or ~/.akshi)")
    .option('--json', 'print one JSON document; errors are JSON on stderr')
    .option('--no-color', 'no colours (also: NO_COLOR)')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // main() reports errors, in one form for all.
      outputError: () => {}
    })
    .addHelpText('after', exitCodeHelp)
  const invocation = new Invocation(io, program)
  for (const add of commands) add(program, invocation)
  return program
}
