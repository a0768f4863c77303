import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** How long the files of a package are, and its functions with a name of their own (methods and accessors too), in lines. */
export interface CodeSize {
  readonly files: readonly number[]
  readonly functions: readonly number[]
}

export function measureCode (path: string): CodeSize {
  const names = readdirSync(join(path, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const sources = names.map((name) => ts.createSourceFile(name, readFileSync(join(path, 'src', name), 'utf8'), ts.ScriptTarget.ES2023, true))
  return { files: sources.map((source) => source.getLineStarts().length - 1), functions: sources.flatMap((source) => functionsIn(source, source)) }
}

/** The middle one; of an even number the upper of the two. */
export function median (values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

export function sum (values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function functionsIn (node: ts.Node, source: ts.SourceFile): number[] {
  const own: number[] = []
  if ((ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node) || ts.isAccessor(node)) && node.body !== undefined) {
    const line = (place: number) => source.getLineAndCharacterOfPosition(place).line
    own.push(line(node.end) - line(node.getStart(source)) + 1)
  }
  ts.forEachChild(node, (child) => { own.push(...functionsIn(child, source)) })
  return own
}
