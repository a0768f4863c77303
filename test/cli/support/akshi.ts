import { main } from '@akshi/cli'

// What packages/cli/bin/akshi.js is, unbuilt.
process.exitCode = await main(process.argv.slice(2))
