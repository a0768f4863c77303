// What is asked of this project. `against`: how many times as long (or as much) a rival must take; `atMost`: a bound of its own.
const rows = [
  { scenario: 'first-sync', metric: 'ms', what: 'first sync, 10,000 entries', unit: 'ms', against: { 'automerge-maps': undefined, 'automerge-json': 2.5, hypercore: 12, yjs: 1.1, raw: undefined } },
  { scenario: 'first-sync', metric: 'wirePerEntry', what: 'its bytes on the wire', unit: 'B/entry', atMost: 90 },
  { scenario: 'appends', metric: 'ms', what: '2,000 appends on 10,000', unit: 'ms', against: { 'automerge-maps': undefined, 'automerge-json': 5, hypercore: 4, yjs: 0.9, raw: undefined } },
  { scenario: 'appends-50k', metric: 'ms', what: '1,000 appends on 50,000', unit: 'ms', against: { 'automerge-json': 15, hypercore: 3, yjs: 2, raw: undefined } },
  { scenario: 'latency', metric: 'p50', what: 'append to visible at 50/s, p50', unit: 'ms', atMost: 2.5, against: { 'automerge-json': 16 } },
  { scenario: 'latency', metric: 'p99', what: 'append to visible at 50/s, p99', unit: 'ms', atMost: 6, against: { hypercore: 1 } },
  { scenario: 'fan-out', metric: 'ms', what: '1,000 appends to 8 readers', unit: 'ms', against: { 'automerge-json': 3, hypercore: 5, yjs: 0.9, raw: undefined } },
  { scenario: 'serial', metric: 'timesBare', what: 'durable serial append', unit: 'x a bare fdatasync', atMost: 3.5 },
  { scenario: 'stall', metric: 'stallMs', what: 'longest stall, 3,000 at 500/s', unit: 'ms', atMost: 25 }
]

/** One target a line: `{ scenario, metric, what, unit }` with either `atMost`, or `rival` and `atLeast` (none: for information). */
export const targets = rows.flatMap(({ atMost, against = {}, ...row }) => [
  ...(atMost === undefined ? [] : [{ ...row, atMost }]),
  ...Object.entries(against).map(([rival, atLeast]) => ({ ...row, rival, atLeast }))
])

/** Columns of the overview. */
export const columns = [
  ['first sync, ms', 'first-sync', 'ms'], ['wire, MB', 'first-sync', 'wireMb'],
  ['appends 10k, ms', 'appends', 'ms'], ['their CPU, ms', 'appends', 'cpuMs'], ['appends 50k, ms', 'appends-50k', 'ms'],
  ['p50, ms', 'latency', 'p50'], ['p99, ms', 'latency', 'p99'],
  ['8 readers, ms', 'fan-out', 'ms'], ['their CPU, ms', 'fan-out', 'cpuMs'], ['stall, ms', 'stall', 'stallMs']
]
