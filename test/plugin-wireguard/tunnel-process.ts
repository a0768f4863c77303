import { commandsIn, userspaceDevice } from './tunnel-lab.ts'

/** A program with a device: opens it, says so, and stays until it is killed. */
const [space = '', settings = ''] = process.argv.slice(2)
const { privateKey, ...rest } = JSON.parse(settings) as { privateKey: string, name: string, owner: string, listenPort: number, mtu: number, address: string }
await userspaceDevice(commandsIn(space)).open({ ...rest, privateKey: Buffer.from(privateKey, 'hex') }, new AbortController().signal)
console.log('up')
