import { readFileSync } from 'node:fs'
import { isMeshError } from '@akshi/core'
import type { Vectors } from '../vectors/make.ts'

/** A file of test/vectors. */
export function readVectors<Name extends keyof Vectors> (name: Name): Vectors[Name] {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as Vectors[Name]
}

/** A page of docs/. */
export function readDoc (name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
}

/** The cells of each row of a Markdown table, without its head: that of the first table below `heading`. */
export function tableBelow (text: string, heading: string): string[][] {
  const lines = text.slice(text.indexOf(`${heading}\n`)).split('\n')
  const start = lines.findIndex((line) => line.startsWith('| ---'))
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  return lines.slice(start + 1, length < 0 ? undefined : start + length)
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim()))
}

/** The code of the `MeshError` that `run` throws, the text of anything else, `undefined` when it throws nothing. */
export function codeOf (run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return isMeshError(error) ? error.code : String(error)
  }
}
