/** A process with nodes of a DHT: `dht-process.ts PLACE COUNT`. Prints their DIDs when all are published. Ends with its parent. */
import { DhtLab, type DhtNode } from './dht-lab.ts'

const [place = '', count = '1'] = process.argv.slice(2)
const lab = new DhtLab()
const nodes = await lab.more(Number(count), { through: [{ place } as DhtNode] })
process.on('disconnect', () => process.exit())
process.send?.(nodes.map(({ did }) => did))
