import type { Command } from 'commander'
import type { Invocation } from '../invocation.ts'
import { addJournalAppend } from './journal-append.ts'
import { addJournalExport } from './journal-export.ts'
import { addJournalImport } from './journal-import.ts'
import { addJournalList } from './journal-list.ts'
import { addJournalRead } from './journal-read.ts'
import { addJournalState } from './journal-state.ts'
import { addJournalStats } from './journal-stats.ts'
import { addJournalTail } from './journal-tail.ts'
import { addJournalVerify } from './journal-verify.ts'

/** `akshi journal`: the journals of agents. */
export function addJournal (program: Command, invocation: Invocation): void {
  const journal = program.command('journal')
    .summary('write, read, follow, check and carry the journals of agents')
    .description("A journal belongs to an agent's name; every node that holds the agent writes into the same one.")
  const commands = [
    addJournalAppend, addJournalRead, addJournalTail, addJournalState, addJournalList, addJournalStats, addJournalVerify, addJournalExport, addJournalImport
  ]
  for (const add of commands) add(journal, invocation)
}
