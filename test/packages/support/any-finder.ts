import ts from 'typescript'
import { root } from './packages.ts'

/** Finds `any` in what modules export: in members, parameters, results and type arguments, through all types of ours that they lead to. */
export class AnyFinder {
  readonly #checker: ts.TypeChecker
  readonly #program: ts.Program
  readonly #seen = new Set<ts.Type>()
  #found: string[] = []

  constructor (files: readonly string[]) {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2023, lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'], module: ts.ModuleKind.NodeNext, types: ['node'], typeRoots: [`${root}/node_modules/@types`], strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true
    }
    this.#program = ts.createProgram(files, options)
    this.#checker = this.#program.getTypeChecker()
  }

  /** The places, as `Export.member(parameter)`. */
  find (file: string): readonly string[] {
    this.#found = []
    const source = this.#program.getSourceFile(file)
    const module = source === undefined ? undefined : this.#checker.getSymbolAtLocation(source)
    if (module === undefined) return [`${file} exports nothing`]
    for (const symbol of this.#checker.getExportsOfModule(module)) this.#lookAtExport(symbol)
    return this.#found
  }

  #lookAtExport (symbol: ts.Symbol): void {
    const target = (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : this.#checker.getAliasedSymbol(symbol)
    if (target.declarations?.every(isOurs) !== true) return             // `Type` of TypeBox
    if ((target.flags & ts.SymbolFlags.Type) !== 0) this.#lookAt(this.#checker.getDeclaredTypeOfSymbol(target), symbol.name)
    if ((target.flags & ts.SymbolFlags.Value) !== 0) this.#lookAt(this.#checker.getTypeOfSymbol(target), symbol.name)
  }

  #lookAt (type: ts.Type, where: string): void {
    if ((type.flags & ts.TypeFlags.Any) !== 0) this.#found.push(where)
    if (this.#seen.has(type)) return
    this.#seen.add(type)
    for (const [part, name] of this.#partsOf(type)) this.#lookAt(part, `${where}${name}`)
  }

  /** The types that a type is made of. Of the types of others only what they are given: the rest is for them to answer for. */
  * #partsOf (type: ts.Type): Iterable<[ts.Type, string]> {
    for (const each of type.aliasTypeArguments ?? []) yield [each, '<>']
    if (type.isUnionOrIntersection()) for (const each of type.types) yield [each, '']
    if ((type.flags & ts.TypeFlags.Object) === 0) return
    if (isReference(type)) for (const each of this.#argumentsOf(type)) yield [each, '<>']
    const [declaration] = type.symbol?.declarations ?? []
    if (declaration !== undefined && !isOurs(declaration)) return
    yield * this.#membersOf(type)
  }

  /** Without the `any` that the language itself puts in, as in AsyncIterable<T, any, any>. */
  #argumentsOf (type: ts.TypeReference): readonly ts.Type[] {
    const { typeParameters = [] } = type.target
    return this.#checker.getTypeArguments(type).filter((each, place) => (each.flags & ts.TypeFlags.Any) === 0 || typeParameters[place]?.getDefault() !== each)
  }

  * #membersOf (type: ts.Type): Iterable<[ts.Type, string]> {
    for (const member of type.getProperties().filter((each) => !isPrivate(each) && !isPrototype(each))) yield [this.#checker.getTypeOfSymbol(member), `.${member.name}`]
    for (const { keyType, type: value } of this.#checker.getIndexInfosOfType(type)) yield [value, `[${this.#checker.typeToString(keyType)}]`]
    if (type.isClassOrInterface()) for (const base of this.#checker.getBaseTypes(type)) yield [base, '']
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.parameters) yield [this.#checker.getTypeOfSymbol(parameter), `(${parameter.name})`]
      yield [signature.getReturnType(), '()']
    }
  }
}

function isReference (type: ts.Type): type is ts.TypeReference {
  return ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0
}

function isOurs (declaration: ts.Declaration): boolean {
  return !declaration.getSourceFile().fileName.includes('/node_modules/')
}

function isHard (declaration: ts.Declaration): boolean {
  return ts.isPropertyDeclaration(declaration) && ts.isPrivateIdentifier(declaration.name)
}

/** Declarations keep the names of private members, and nothing of their types. */
function isPrivate ({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((each) => isHard(each) || (ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Private) !== 0)
}

/** Of a generic class the language itself makes it one of `any`. */
function isPrototype ({ flags }: ts.Symbol): boolean {
  return (flags & ts.SymbolFlags.Prototype) !== 0
}
