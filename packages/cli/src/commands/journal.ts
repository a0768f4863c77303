import type { Command } from 'commander'
import type { Invocation } from '../invocation.ts'
import { addJournalAppend } from './journal-append.ts'
import { addJournalList } from './journal-list.ts'
import { addJournalRead } from './journal-read.ts'

/** `akshi journal`: writing and reading the journals of agents. */
export function addJournal (program: Command, invocation: Invocation): void {
  const journal = program.command('journal')
    .summary('append to, read and list the journals of agents')
    .description("A journal belongs to an agent's name; every node that holds the agent writes into the same one.")
  addJournalAppend(journal, invocation)
  addJournalRead(journal, invocation)
  addJournalList(journal, invocation)
}
