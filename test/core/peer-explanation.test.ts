import { expect } from 'chai'
import type { LinkStatus, PeerStatus } from '../../packages/core/src/control.ts'
import { explainPeer, type AddressTry } from '../../packages/core/src/peer-explanation.ts'
import { madeUpDid } from './peers/peer-fixture.ts'

const did = madeUpDid(1)
const peer: PeerStatus = { did, name: 'alpha', trust: 'trusted', trustReason: 'approved by the operator', sources: ['mdns'], addresses: [] }
const link = (state: LinkStatus['state'], reason: string): LinkStatus => ({ transport: 'http', state, reason, since: '' })
const failed: AddressTry = { address: { host: '192.0.2.1', port: 7411 }, source: 'mdns', triedAt: '', result: 'failed', error: 'refused' }

describe('explainPeer', () => {
  const cases: readonly [string, Partial<PeerStatus>, readonly AddressTry[], verdict: RegExp, next: RegExp | undefined][] = [
    ['who waits for approval', { trust: 'pending', trustReason: 'not approved' }, [], /not trusted here: not approved/, /akshi trust did:key/],
    ['whose link works, and who is in step', { link: link('up', 'it works'), converged: true }, [], /link over http works; both have the same/, undefined],
    ['whose link works, and who lacks something', { link: link('up', 'it works'), lag: 3, converged: false }, [], /lacks 3 envelopes/, undefined],
    ['that said goodbye', { health: 'left', link: link('down', 'it said goodbye') }, [], /^it said goodbye$/, /^Nothing: it is met again/],
    ['that is suspect', { link: { ...link('down', 'no answer'), state: 'suspect' } }, [failed], /asked again: no answer$/, undefined],
    ['whose link is down at every address', { link: link('down', 'refused') }, [failed], /link over http is down: refused$/, /TCP port 7411/],
    ['whose link is down at an address where it was met', { link: link('down', 'refused') }, [{ ...failed, result: 'met' }], /refused$/, /^Is it running there, .* TCP port 7411/],
    ['whose address is being dialled', { link: link('down', 'it was lost') }, [{ ...failed, result: 'dialling' }, failed], /it was lost$/, /^Nothing: this node goes on trying/],
    ['whose link is down for a reason that says what to do', { link: link('down', 'it has not trusted this node yet. Run there: akshi trust x') }, [failed], /Run there: akshi trust x$/, undefined],
    ['who is named in runtime.toml and does not answer', { link: link('down', 'refused'), addresses: [{ host: '192.0.2.1', port: 9 }] }, [], /refused$/, /^Is it running there, .* TCP port 9 in\?/],
    ['who is met in a folder alone', { via: { transport: 'fs', reason: '' }, link: link('down', 'refused') }, [failed], /; fs carries envelopes meanwhile/, /TCP port/],
    ['whom no address leads to', {}, [failed], /none of the addresses/, /TCP port 7411/],
    ['of whom nobody has said where it is', {}, [], /nobody has said where it is/, /\[\[mesh\.peers\]\]/]
  ]
  for (const [who, changes, tries, verdict, next] of cases) {
    it(`says how a peer stands ${who}, and what to do`, () => {
      const explanation = explainPeer({ ...peer, ...changes }, tries)
      expect(explanation.verdict).to.match(verdict)
      if (next === undefined) expect(explanation.next).to.equal(undefined)
      else expect(explanation.next).to.match(next)
    })
  }
})
