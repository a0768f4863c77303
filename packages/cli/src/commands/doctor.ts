import type { FindingLevel, MeshErrorCode } from '@akshi/core'
import type { Command } from 'commander'
import { examine, type Examination } from '../doctor/examination.ts'
import type { LocalFinding } from '../doctor/local-finding.ts'
import { EndedWith, exitCodeFor } from '../exit-codes.ts'
import { examples } from '../guide.ts'
import type { Invocation } from '../invocation.ts'
import { counted, printable, wrap, type Style, type Terminal } from '../terminal.ts'

/** `akshi doctor`: what is wrong, why, and what to do. */
export function addDoctor (program: Command, invocation: Invocation): void {
  program.command('doctor')
    .summary('find what is wrong, and the command that mends it')
    .description('Looks at the configuration, the home, the key, the port and the clock, and asks the node, if it runs, about its peers, folder and plugins. Each finding names its cause and one command, or one line of runtime.toml, that mends it. Changes nothing. Exit code 0 unless something fails.')
    .addHelpText('after', examples([['akshi doctor', ''], ['akshi doctor --json', 'for scripts']], 'docs/doctor.md has all findings'))
    .action(async () => {
      const { terminal, io: { stdout } } = invocation
      const found = await examine(invocation)
      const failure = found.findings.find(({ level }) => level === 'failure')
      const result = { ok: failure === undefined, node: found.node ?? null, pid: found.pid ?? null, findings: found.findings }
      terminal.result(result, () => describe(found, terminal, stdout.isTTY === true ? stdout.columns : undefined))
      if (failure !== undefined) throw new EndedWith(exitCodeFor(failure.code as MeshErrorCode | undefined))
    })
}

const styles: Readonly<Record<FindingLevel, Style>> = { failure: 'red', warning: 'yellow', note: 'cyan', ok: 'green' }
const levelWidth = 'failure'.length
const leastColumns = 40

function describe ({ node, pid, findings }: Examination, terminal: Terminal, columns = Infinity): string[] {
  const topicWidth = Math.max(...findings.map(({ topic }) => printable(topic).length))
  const state = pid === undefined ? 'not running' : `running (pid ${pid})`
  return [
    ...node === undefined ? [] : [`${terminal.style('bold', printable(node.name))} in ${node.home}, ${state}`, ''],
    ...findings.flatMap((finding) => describeFinding(finding, topicWidth, terminal, columns)),
    '', summarize(findings)
  ]
}

/** A fix is never broken into lines: it is to be copied. */
function describeFinding ({ level, topic, message, fix }: LocalFinding, topicWidth: number, terminal: Terminal, columns: number): string[] {
  const indent = ' '.repeat(levelWidth + 2 + topicWidth + 2)
  const room = Math.max(leastColumns, columns - indent.length)
  const [first = '', ...rest] = message.split('\n').map(printable).flatMap((line) => line.length > room ? wrap(line, room) : [line])
  return [
    `${terminal.style(styles[level], level.padEnd(levelWidth))}  ${printable(topic).padEnd(topicWidth)}  ${first}`,
    ...rest.map((line) => indent + line),
    ...fix === undefined ? [] : [`${indent}${terminal.style('dim', 'fix:')} ${terminal.style('bold', printable(fix))}`]
  ]
}

function summarize (findings: readonly LocalFinding[]): string {
  const count = (level: FindingLevel) => findings.filter((finding) => finding.level === level).length
  const [failures, warnings] = [count('failure'), count('warning')]
  if (failures + warnings === 0) return 'nothing is wrong'
  return [...failures > 0 ? [counted(failures, 'failure')] : [], ...warnings > 0 ? [counted(warnings, 'warning')] : []].join(', ')
}
