// What a tunnel costs: the same TCP between two processes in two network namespaces, over the cable and through a WireGuard tunnel
// on it, in turns in the same run. Throughput of one connection, round trips of 1 KiB, CPU of both wireguard-go for a megabyte,
// and how long a handshake takes. Medians of the rounds. Linux, root, wireguard-go.
//
//   node bench/tunnel.mjs [rounds]
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { silentLogger, systemClock, systemRandom } from '@akshi/core'
import { createTunnelKey, systemCommands, tunnelAddress, UapiDevice, userspacePrograms } from '@akshi/plugin-wireguard'

const rounds = Number(process.argv[2] ?? 5)
const [sendMs, trips, tripBytes, handshakes] = [1_500, 500, 1_024, 20]
const spaces = [0, 1].map((end) => `akshi-bench-${process.pid}-${end}`)
const places = ['10.79.0.1', '10.79.0.2']
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK']))

// In the far namespace: takes all on one port and counts it, sends all back on the other.
const farCode = `
  const { createServer } = require('net')
  createServer((socket) => {
    let bytes = 0
    socket.on('data', (data) => { bytes += data.length }).on('end', () => socket.end(String(bytes))).on('error', () => {})
  }).listen(7000, '::', () => createServer((socket) => socket.setNoDelay().pipe(socket)).listen(7001, '::', () => console.log('up')))`

// In the near one: each line is a task, each answer a line.
const nearCode = `
  const { connect } = require('net')
  const send = (host, forMs) => new Promise((resolve) => {
    const chunk = Buffer.alloc(65536), startedAt = performance.now()
    const socket = connect(7000, host)
    let text = ''
    const fill = () => {
      if (performance.now() - startedAt > forMs) return socket.end()
      while (socket.write(chunk) && performance.now() - startedAt <= forMs);
      socket.writableNeedDrain ? socket.once('drain', fill) : setImmediate(fill)
    }
    socket.on('connect', fill).on('data', (data) => { text += data }).on('close', () => resolve({ bytes: Number(text), ms: performance.now() - startedAt }))
  })
  const trips = async (host, count, size) => {
    const socket = connect(7001, host).setNoDelay(), times = []
    for (let i = 0; i < count; i++) {
      const at = performance.now()
      let left = size
      await new Promise((resolve) => {
        const take = (data) => { left -= data.length; if (left === 0) { socket.off('data', take); resolve() } }
        socket.on('data', take).write(Buffer.alloc(size))
      })
      times.push(performance.now() - at)
    }
    socket.destroy()
    return times.sort((a, b) => a - b)[Math.floor(count / 2)]
  }
  const tasks = { send, trips }
  require('readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    const [task, ...words] = JSON.parse(line)
    console.log(JSON.stringify(await tasks[task](...words)))
  })`

const processes = []
const devices = []
try {
  makeCable()
  const [near, far] = await Promise.all([makeEnd(0), makeEnd(1)])
  await far.device.setPeer({ ...near.peer, keepaliveSecs: 0 })
  const peer = { ...far.peer, endpoint: { host: places[1], port: 51_820 }, keepaliveSecs: 0 }
  await near.device.setPeer(peer)
  const handshakeMs = []
  for (let i = 0; i < handshakes; i++) handshakeMs.push(await shakeHands(near.device, peer))
  await once(start(1, farCode).stdout, 'data')
  const ask = asker(start(0, nearCode))
  const hosts = { veth: places[1], tunnel: far.peer.address }
  const found = { veth: [], tunnel: [] }
  for (let round = -1; round < rounds; round++) {
    for (const [path, host] of Object.entries(hosts)) {
      const cpuBefore = cpuMs()
      const { bytes, ms } = await ask('send', host, sendMs)
      const cpu = cpuMs() - cpuBefore
      const tripMs = await ask('trips', host, trips, tripBytes)
      if (round >= 0) found[path].push({ mbps: bytes * 8 / ms / 1_000, cpuPerMb: cpu / (bytes / 1e6), tripMs })      // the first warms up
    }
  }
  print(found, handshakeMs)
} finally {
  for (const child of processes) child.kill('SIGKILL')
  for (const device of devices) await device.close()
  for (const space of spaces) execFileSync('ip', ['netns', 'del', space])
}

function makeCable () {
  for (const space of spaces) ip('netns', 'add', space)
  ip('-n', spaces[0], 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', spaces[1])
  for (const [end, space] of spaces.entries()) {
    ip('-n', space, 'address', 'add', `${places[end]}/24`, 'dev', 'eth0')
    for (const name of ['lo', 'eth0']) ip('-n', space, 'link', 'set', name, 'up')
  }
}

async function makeEnd (end) {
  const commands = {
    run: (program, args, input) => systemCommands.run('ip', ['netns', 'exec', spaces[end], program, ...args], input),
    start: (program, args) => systemCommands.start('ip', ['netns', 'exec', spaces[end], program, ...args])
  }
  const { publicKey, privateKey } = createTunnelKey()
  const address = tunnelAddress(publicKey)
  const device = new UapiDevice({ program: userspacePrograms[0], commands, clock: systemClock, random: systemRandom, logger: silentLogger })
  devices.push(device)
  await device.open({ name: `ab${process.pid}-${end}`, owner: 'akshi bench', privateKey, listenPort: 51_820, mtu: 1_420, address }, new AbortController().signal)
  return { device, peer: { publicKey, address } }
}

/** Not at once after the one before: an end takes no second initiation within 20 ms, and would be asked again after 5 s. */
async function shakeHands (device, peer) {
  await new Promise((resolve) => setTimeout(resolve, 50))
  const startedAt = performance.now()
  await device.readd(peer)
  while ((await device.peers())[0]?.lastHandshakeMs === undefined) await new Promise(setImmediate)
  return performance.now() - startedAt
}

/** Of both wireguard-go. */
function cpuMs () {
  const pids = spaces.flatMap((space) => ip('netns', 'pids', space).split('\n').filter((pid) => pid !== ''))
  return pids.map((pid) => readFileSync(`/proc/${pid}/stat`, 'utf8')).filter((stat) => stat.includes('(wireguard-go)')).map((stat) => {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond * 1_000
  }).reduce((sum, ms) => sum + ms, 0)
}

function start (end, code) {
  const child = spawn('ip', ['netns', 'exec', spaces[end], process.execPath, '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
  processes.push(child)
  return child
}

function asker (child) {
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async (...task) => {
    child.stdin.write(`${JSON.stringify(task)}\n`)
    return JSON.parse((await answers.next()).value)
  }
}

function ip (...words) {
  return execFileSync('ip', words, { encoding: 'utf8' })
}

function print ({ veth, tunnel }, handshakeMs) {
  const of = (list, name) => median(list.map((entry) => entry[name]))
  const ratio = (name) => (of(tunnel, name) / of(veth, name)).toFixed(2)
  console.log(`throughput of one connection   tunnel ${of(tunnel, 'mbps').toFixed(0)} Mbit/s, veth ${of(veth, 'mbps').toFixed(0)} Mbit/s, ratio ${ratio('mbps')}`)
  console.log(`round trip of 1 KiB, p50       tunnel ${of(tunnel, 'tripMs').toFixed(3)} ms, veth ${of(veth, 'tripMs').toFixed(3)} ms, ratio ${ratio('tripMs')}`)
  console.log(`CPU of both ends               ${of(tunnel, 'cpuPerMb').toFixed(1)} ms a megabyte`)
  console.log(`handshake, readd to done       p50 ${median(handshakeMs).toFixed(1)} ms, longest ${Math.max(...handshakeMs).toFixed(1)} ms of ${handshakeMs.length}`)
}

function median (values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}
