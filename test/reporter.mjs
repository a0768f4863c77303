import { writeFileSync } from 'node:fs'
import mocha from 'mocha'

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
  }
}
