import { execFile, spawn } from 'node:child_process'

/** A program that was started and runs on. */
export interface RunningCommand {
  /** Resolves once it has ended, however it ended, with why: the last line it wrote, or its signal or exit code. Never rejects. */
  readonly ended: Promise<string>
  kill (signal: 'SIGTERM' | 'SIGKILL'): void
}

/** The programs of this machine: the one way to change its network. */
export interface Commands {
  /**
   * Runs a program to its end, with `input` on its standard input. Resolves to what it printed; rejects with what it complained of
   * unless its exit code is 0. A program that is not there rejects with the code `ENOENT`, one that hangs is killed.
   */
  run (program: string, args: readonly string[], input?: string): Promise<string>
  /**
   * Starts a program in a session of its own: what a terminal sends to the node, it does not get. Where `setpriv` can do it (util-linux
   * 2.33), it is killed when this process dies, however that dies.
   */
  start (program: string, args: readonly string[]): RunningCommand
}

const patienceMs = 5_000
const keptComplaint = 2_000
const maxBuffer = 64 * 1024 * 1024
const dieTogether = 'setpriv --pdeathsig KILL true 2>/dev/null && exec setpriv --pdeathsig KILL "$@"; exec "$@"'
const environment = () => ({ PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`, LOG_LEVEL: 'error' })

/** The machine's own programs. They get no environment but the path, which also has where administrators' programs are. */
export const systemCommands: Commands = commandsWithin(patienceMs)

/** The same, with another time for each to end in. */
export function commandsWithin (timeoutMs: number): Commands {
  return { start, run: (program, args, input) => run(program, args, input, timeoutMs) }
}

function run (program: string, args: readonly string[], input: string | undefined, timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env: environment(), maxBuffer, timeout, killSignal: 'SIGKILL' }, (cause, printed, complaint) => {
      if (cause === null) return resolve(printed)
      const hung = cause.killed === true ? `it did not end within ${timeout / 1_000} s` : undefined
      const why = cause.code === 'ENOENT' ? 'it is not installed' : hung ?? (complaint.trim() || cause.message)
      reject(Object.assign(new Error(`${[program, ...args].join(' ')}: ${why}`), { code: cause.code }))
    })
    child.stdin?.on('error', () => {})      // it ended without reading; its exit code says all
    child.stdin?.end(input ?? '')
  })
}

function start (program: string, args: readonly string[]): RunningCommand {
  const child = spawn('sh', ['-c', dieTogether, 'sh', program, ...args], { env: environment(), stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { complaint = (complaint + text).slice(-keptComplaint) })
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('close', (code, signal) => resolve(signal ?? lastWords(complaint) ?? `exit code ${code}`))
  })
  return { ended, kill: (signal) => { child.kill(signal) } }
}

/** Without the frame that wireguard-go draws around its greeting. */
function lastWords (complaint: string): string | undefined {
  return complaint.split('\n').filter((line) => /\w/.test(line) && !line.startsWith('│')).at(-1)
}
