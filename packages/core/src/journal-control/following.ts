import type { EntryView, JournalStatus, ReadOptions, TailOptions } from '../control.ts'
import type { EntryPage } from '../journal/reading.ts'
import type { Journals } from '../journal/journals.ts'
import { ChangeBell } from './change-bell.ts'

const pageLength = 512

/** A journal that is followed. */
export interface Followed {
  readonly journals: Journals
  readonly name: string
}

/** As `JournalHandle.tail`. */
export async function * followEntries (
  { journals, name }: Followed, read: (options: ReadOptions) => Promise<EntryPage>, { kind, since, signal }: TailOptions
): AsyncGenerator<{ entry: EntryView, cursor: string }> {
  const end = endOf(journals, signal)
  const bell = new ChangeBell(journals, name, end)
  try {
    if (end.aborted) return
    let cursor = since ?? (await read({ limit: 0, reverse: true })).cursor
    while (!end.aborted) {
      bell.reset()
      const page = await read({ since: cursor, limit: pageLength }).catch((error: unknown) => {
        if (!end.aborted) throw error                         // what closes cannot be read any more
      })
      if (page === undefined) return
      for (const [index, entry] of page.entries.entries()) {
        const isLast = index === page.entries.length - 1
        if (kind === undefined || entry.kind === kind) yield { entry, cursor: isLast ? page.cursor : cursor }
      }
      cursor = page.cursor
      if (page.entries.length < pageLength) await bell.rung()
    }
  } finally {
    bell.stop()
  }
}

/** As `JournalHandle.watch`. */
export async function * followStatus ({ journals, name }: Followed, status: () => JournalStatus, signal: AbortSignal | undefined): AsyncGenerator<JournalStatus> {
  const end = endOf(journals, signal)
  const bell = new ChangeBell(journals, name, end)
  try {
    while (!end.aborted) {
      bell.reset()
      yield status()
      await bell.rung()
    }
  } finally {
    bell.stop()
  }
}

function endOf ({ closing }: Journals, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? closing : AbortSignal.any([signal, closing])
}
