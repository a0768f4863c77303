import http from '@akshi/plugin-http'
import { transportCasesOf, transportSubject } from '@akshi/testkit'

const subject = transportSubject({ reach: 'peer', open: () => ({ plugin: http }) })

describe('plugin-http keeps the promises of transports', () => {
  for (const { name, run } of transportCasesOf(subject)) it(name, () => run(subject))
})
