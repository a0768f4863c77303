import { writeFileSync } from 'node:fs'
import mocha from 'mocha'

/** Nothing takes that long to end by itself. */
const leaveMs = 30_000

/**
 * Mocha's `spec`, and a last line that CI reads, or, for one of several runs, a file with its counts. On CI, a test that was skipped counts as
 * failed: everything is there for it to run.
 */
export default class Reporter extends mocha.reporters.Spec {
  epilogue () {
    super.epilogue()
    const { passes: passed, failures: failed, pending: skipped } = this.stats
    if (process.env.CI === 'true' && skipped > 0) {
      mocha.reporters.Base.consoleLog('Skipped on CI, where nothing may be:', skipped)
      process.exitCode = 1
      process.on('exit', () => { process.exitCode = 1 })
    }
    if (process.env.TEST_COUNTS_FILE === undefined) mocha.reporters.Base.consoleLog(`${passed} passed, ${failed} failed, ${skipped} skipped`)
    else writeFileSync(process.env.TEST_COUNTS_FILE, JSON.stringify({ passed, failed, skipped }))
    setTimeout(leave, leaveMs).unref()
  }
}

/** A test that fails may leave a node that runs: then this process would wait for it, and CI for this process. */
function leave () {
  mocha.reporters.Base.consoleLog('The tests have ended and their process has not. Still open:', process.getActiveResourcesInfo().join(', '))
  process.on('exit', () => { process.exitCode = 1 })
  process.exit()
}
