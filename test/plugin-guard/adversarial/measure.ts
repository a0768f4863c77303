import { scannerOf } from '../support.ts'
import { allWrapped, harmlessCases, secretCases } from './cases.ts'

const scanner = scannerOf()
const missed = (cases: typeof secretCases) => cases.filter(({ value }) => scanner.scan(value).length === 0).map(({ name }) => name)
const found = harmlessCases.flatMap(({ name, value }) => scanner.scan(value).map(({ rule, path }) => `${name}: ${rule} at ${path}`))
const [set, all] = [missed(secretCases), missed(allWrapped)]
console.log(`secrets ${secretCases.length}, missed ${set.length}`, set)
console.log(`every kind in every wrapping ${allWrapped.length}, missed ${all.length}`, all)
console.log(`harmless ${harmlessCases.length}, refused ${found.length}`, found)
