import { expect } from 'chai'
import type { NodeStatus } from '@akshi/core'
import { metricsOf } from '../../packages/plugin-http/src/metrics.ts'

const call = { what: 'beforeWrite', isTap: true, calls: 4, failures: 1, totalMs: 250, busyMs: 125, longestBusyMs: 62.5 }
const status = {
  name: 'al"pha\n\\',
  version: '1.2.3',
  startedAt: '2026-01-01T00:00:00.000Z',
  peers: [{ did: 'did:a', name: 'a', trust: 'trusted', link: { state: 'up' }, lag: 3 }, { did: 'did:b', name: 'b', trust: 'trusted' }, { did: 'did:c', name: 'c', trust: 'pending' }],
  journals: [{ name: 'notes', entries: 7 }],
  notices: [{ code: 'MESH_X', count: 2 }, { code: 'MESH_X', count: 3 }],
  plugins: [{ name: 'one', state: 'running', candidatesDropped: 5, calls: [call, { ...call, what: 'timer', isTap: false }] }, { name: 'two', state: 'failed', candidatesDropped: 0, calls: [] }]
} as unknown as NodeStatus

/** The samples, one a line. */
function samples (): string[] {
  return metricsOf(status).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

describe('metricsOf', () => {
  it('tells of peers, links, lag, journals and notices', () => {
    expect(samples().filter((line) => !line.startsWith('akshi_plugin'))).to.deep.equal([
      'akshi_info{name="al\\"pha\\n\\\\",version="1.2.3"} 1',
      'akshi_start_time_seconds 1767225600',
      'akshi_peers{trust="pending"} 1',
      'akshi_peers{trust="trusted"} 2',
      'akshi_links{state="none"} 1',
      'akshi_links{state="up"} 1',
      'akshi_peer_lag{peer="did:a",name="a"} 3',
      'akshi_journal_entries{journal="notes"} 7',
      'akshi_notices{code="MESH_X"} 5'
    ])
  })

  it('tells what each tap and call of a plugin cost, in seconds', () => {
    expect(samples().filter((line) => line.startsWith('akshi_plugin') && !line.includes('timer'))).to.deep.equal([
      'akshi_plugin_up{plugin="one"} 1',
      'akshi_plugin_up{plugin="two"} 0',
      'akshi_plugin_candidates_dropped_total{plugin="one"} 5',
      'akshi_plugin_candidates_dropped_total{plugin="two"} 0',
      'akshi_plugin_calls_total{plugin="one",call="beforeWrite",kind="tap"} 4',
      'akshi_plugin_call_failures_total{plugin="one",call="beforeWrite",kind="tap"} 1',
      'akshi_plugin_call_seconds_total{plugin="one",call="beforeWrite",kind="tap"} 0.25',
      'akshi_plugin_busy_seconds_total{plugin="one",call="beforeWrite",kind="tap"} 0.125',
      'akshi_plugin_longest_busy_seconds{plugin="one",call="beforeWrite",kind="tap"} 0.0625'
    ])
    expect(samples().filter((line) => line.includes('timer')).every((line) => line.includes('kind="call"'))).to.equal(true)
  })

  it('explains each metric once, as the format wants it', () => {
    const lines = metricsOf(status).split('\n')
    const names = [...new Set(samples().map((line) => line.split(/[{ ]/)[0] ?? ''))]
    expect(lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2])).to.deep.equal(names)
    expect(lines.filter((line) => line.startsWith('# HELP')).map((line) => line.split(' ')[2])).to.deep.equal(names)
    expect(lines.filter((line) => line.startsWith('# TYPE')).every((line) => line.endsWith(/_total /.test(line) ? ' counter' : ' gauge'))).to.equal(true)
  })
})
