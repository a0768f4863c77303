import { transportCasesOf } from '@akshi/testkit'
import { folderTransport } from '../testkit/conformance/folder-subject.ts'

describe('plugin-fs keeps the promises of transports', () => {
  for (const { name, run } of transportCasesOf(folderTransport)) it(name, () => run(folderTransport))
})
