/**
 * Tools for journals that need no running node: verifying them where they are kept, and carrying them in a file.
 *
 * @module
 */
export { readExportFile, writeExportFile, type ExportFile, type ExportHeader } from './export-file.ts'
export { readItems } from './value-stream.ts'
export type { BadRecord, PlacedItem, Verification, VerifiedCount } from './verification.ts'
export { verifyHome, verifyItems } from './on-demand.ts'
export type { VerifyOptions } from './verifier.ts'
export type { VerifyHomeOptions } from './verify-home.ts'
