import type { NodeStatus } from '@akshi/core'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [value: number, labels?: Labels]

/** The content type of `metricsOf`. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * The state of a node for Prometheus and whatever reads its text format (version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/). Times are in
 * seconds, as is the custom there; what is counted is counted since the node started.
 */
export function metricsOf ({ version, name, startedAt, peers, journals, plugins, notices }: NodeStatus): string {
  const calls = plugins.flatMap(({ name: plugin, calls }) => calls.map((call) => ({ ...call, labels: { plugin, call: call.what, kind: call.isTap ? 'tap' : 'call' } })))
  const trusted = peers.filter(({ trust }) => trust === 'trusted')
  return [
    metric('akshi_info', 'gauge', 'The node and its version', [[1, { name, version }]]),
    metric('akshi_start_time_seconds', 'gauge', 'When the node started, since the Unix epoch', [[Date.parse(startedAt) / 1_000]]),
    metric('akshi_peers', 'gauge', 'Nodes that are known, by trust', countsOf(peers.map(({ trust }) => trust)).map(([trust, count]) => [count, { trust }])),
    metric('akshi_links', 'gauge', 'Links to trusted peers, by state', countsOf(trusted.map(({ link }) => link?.state ?? 'none')).map(([state, count]) => [count, { state }])),
    metric('akshi_peer_lag', 'gauge', 'Envelopes that the peer lacks, as far as it is known', trusted.flatMap(({ did: peer, name, lag }): Sample[] => lag === undefined ? [] : [[lag, { peer, name }]])),
    metric('akshi_journal_entries', 'gauge', 'Entries of a journal on this node', journals.map(({ name: journal, entries }) => [entries, { journal }])),
    metric('akshi_notices', 'gauge', 'What the operator was told of, as often as it happened', countsOf(notices.map(({ code }) => code)).map(([code]) => [notices.reduce((sum, notice) => sum + (notice.code === code ? notice.count : 0), 0), { code }])),
    metric('akshi_plugin_up', 'gauge', 'Whether the plugin runs', plugins.map(({ name: plugin, state }) => [state === 'running' ? 1 : 0, { plugin }])),
    metric('akshi_plugin_candidates_dropped_total', 'counter', 'Addresses of candidates beyond the share of the plugin', plugins.map(({ name: plugin, candidatesDropped }) => [candidatesDropped, { plugin }])),
    metric('akshi_plugin_calls_total', 'counter', 'Calls into a plugin, by tap and by what else is called', calls.map(({ labels, calls }) => [calls, labels])),
    metric('akshi_plugin_call_failures_total', 'counter', 'Calls that threw, hung, or gave what the contract does not allow', calls.map(({ labels, failures }) => [failures, labels])),
    metric('akshi_plugin_call_seconds_total', 'counter', 'Time until the calls were answered', calls.map(({ labels, totalMs }) => [totalMs / 1_000, labels])),
    metric('akshi_plugin_busy_seconds_total', 'counter', 'Time for which the calls kept the event loop', calls.map(({ labels, busyMs }) => [busyMs / 1_000, labels])),
    metric('akshi_plugin_longest_busy_seconds', 'gauge', 'The longest that one call kept the event loop', calls.map(({ labels, longestBusyMs }) => [longestBusyMs / 1_000, labels]))
  ].join('')
}

function metric (name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([value, labels = {}]) => `${name}${labelled(labels)} ${value}`)
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

function labelled (labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function countsOf<Key extends string> (keys: readonly Key[]): readonly [Key, number][] {
  return [...new Set(keys)].toSorted().map((key) => [key, keys.filter((other) => other === key).length])
}
