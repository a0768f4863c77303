import { exitCodes } from './exit-codes.ts'

/** What `akshi` alone prints. */
export const guide = `akshi: a mesh of nodes that keep agent journals in sync, with no central server

  See it first     akshi demo                    three nodes find each other on this machine
  Start a node     akshi init --name alpha       makes its key, token and runtime.toml
                   akshi run                     runs it here, until Ctrl-C
  Look around      akshi status                  peers, transport with its reason, journals
  Let a node in    akshi trust beta              by name or DID; do it on both nodes
  Write and read   akshi journal append notes "hello"
                   akshi journal read notes

  akshi --help lists every command; akshi COMMAND --help shows examples.
`

/** The exit codes, as shown under `akshi --help`. */
export const exitCodeHelp = ['', 'Exit codes:', ...Object.entries(exitCodes).map(([code, text]) => `  ${code}  ${text}`)].join('\n')

/** Help below a command's options: examples, then what to do next. */
export function examples (lines: readonly (readonly [command: string, what: string])[], next?: string): string {
  const wide = Math.max(...lines.map(([command]) => command.length))
  const shown = lines.map(([command, what]) => `  ${command.padEnd(wide)}  ${what}`.trimEnd())
  return ['', 'Examples:', ...shown, ...(next === undefined ? [] : ['', `Next: ${next}`])].join('\n')
}
