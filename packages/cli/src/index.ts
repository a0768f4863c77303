/**
 * The `akshi` command as a function: what `bin/akshi.js` runs and what tests call.
 *
 * @module
 */
export { exitCodes, exitCodeOf, type ExitCode } from './exit-codes.ts'
export { processIo, type Io } from './io.ts'
export { main } from './main.ts'
