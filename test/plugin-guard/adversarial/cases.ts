import { harmless } from './harmless.ts'
import { kinds } from './secret-kinds.ts'
import { wrappings } from './wrappings.ts'

/** A value to be scanned. */
export interface Case {
  readonly name: string
  readonly value: unknown
}

/** Each kind of secret by itself, and each once more in a wrapping, so that each wrapping has several kinds. */
export const secretCases: readonly Case[] = [
  ...kinds.map(([name, value]) => ({ name, value })),
  ...kinds.map(([name, text], index) => {
    const [how, wrap] = wrappings[index % wrappings.length] as typeof wrappings[number]
    return { name: `${name} ${how}`, value: wrap(text) }
  })
]

export const harmlessCases: readonly Case[] = harmless.map(([name, value]) => ({ name, value }))

/** Every kind in every wrapping. */
export const allWrapped: readonly Case[] = kinds.flatMap(([name, text]) => wrappings.map(([how, wrap]) => ({ name: `${name} ${how}`, value: wrap(text) })))
