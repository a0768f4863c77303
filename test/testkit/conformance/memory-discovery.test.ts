import { discoveryCasesOf } from '@akshi/testkit'
import { memoryDiscovery } from './memory-subjects.ts'

describe('MemoryDiscovery keeps the promises of discoveries', () => {
  for (const { name, run } of discoveryCasesOf(memoryDiscovery)) it(name, () => run(memoryDiscovery))
})
