import { transportCasesOf } from '@akshi/testkit'
import { memoryTransport } from './memory-subjects.ts'

describe('MemoryTransport keeps the promises of transports', () => {
  for (const { name, run } of transportCasesOf(memoryTransport)) it(name, () => run(memoryTransport))
})
