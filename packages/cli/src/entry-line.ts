import { shortDid, type Did, type EntryView } from '@akshi/core'
import { printable, type Terminal } from './terminal.ts'

/** What the origins of journals are called. */
export function namesOf (journals: readonly { readonly origins: readonly { readonly did: Did, readonly name: string }[] }[]): ReadonlyMap<Did, string> {
  return new Map(journals.flatMap(({ origins }) => origins.map(({ did, name }) => [did, name])))
}

/** An entry as a line for people. */
export function describeEntry ({ at, origin, kind, body }: EntryView, names: ReadonlyMap<Did, string>, terminal: Terminal): string {
  const text = printable(typeof body === 'string' ? body : JSON.stringify(body))
  const writer = printable(names.get(origin) ?? shortDid(origin))
  return `${terminal.style('dim', at)}  ${terminal.style('cyan', writer)}  ${terminal.style('dim', printable(kind))}  ${text}`
}
