import { expect } from 'chai'
import { addressKey, RateLimit } from '../../packages/plugin-http/src/rate-limit.ts'
import { VirtualClock } from './virtual-clock.ts'

describe('RateLimit', () => {
  it('lets a burst through, then refuses, then fills up as time goes by', async () => {
    const clock = new VirtualClock()
    const limit = new RateLimit({ perMinute: 60, burst: 2, clock })
    const burst = [limit.take('a'), limit.take('a'), limit.take('a')]
    await clock.advance(1_000)
    const later = [limit.take('a').allowed, limit.take('a').allowed]
    expect({ burst, later }).to.deep.equal({
      burst: [
        { allowed: true, remaining: 1, resetSecs: 1, retrySecs: 0 },
        { allowed: true, remaining: 0, resetSecs: 2, retrySecs: 1 },
        { allowed: false, remaining: 0, resetSecs: 2, retrySecs: 1 }
      ],
      later: [true, false]
    })
  })

  it('keeps keys apart', () => {
    const limit = new RateLimit({ perMinute: 60, burst: 1, clock: new VirtualClock() })
    expect([limit.take('a').allowed, limit.take('b').allowed, limit.take('a').allowed]).to.deep.equal([true, true, false])
  })

  it('holds no more than its burst, however long nobody asks', async () => {
    const clock = new VirtualClock()
    const limit = new RateLimit({ perMinute: 60, burst: 2, clock })
    limit.take('a')
    await clock.advance(3_600_000)
    expect(limit.take('a').remaining).to.equal(1)
  })

  it('forgets the key unused longest when there are too many', () => {
    const limit = new RateLimit({ perMinute: 60, burst: 1, clock: new VirtualClock(), maxKeys: 2 })
    for (const key of ['a', 'b', 'a', 'c']) limit.take(key)
    expect([limit.take('a').allowed, limit.take('b').allowed]).to.deep.equal([false, true])
  })
})

describe('addressKey', () => {
  it('is an IPv4 address, mapped or not, or the /64 of an IPv6 address', () => {
    expect(['10.0.0.1', '::ffff:10.0.0.1', '2001:db8:0:1:a:b:c:d', '2001:db8::1:2:3', 'fe80::1%eth0', '::1'].map(addressKey)).to.deep.equal([
      '10.0.0.1', '10.0.0.1', '2001:db8:0:1::/64', '2001:db8:0:0::/64', 'fe80:0:0:0::/64', '0:0:0:0::/64'
    ])
  })
})
