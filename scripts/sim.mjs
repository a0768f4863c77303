// pnpm sim --seed N --nodes 4 --minutes 2: the simulator of packages/testkit, run from its sources.
import { main } from '@akshi/testkit'

process.exitCode = await main(process.argv.slice(2))
