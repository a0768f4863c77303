// pnpm api: writes api/*.api.md, what the packages offer to the programs of others, from what `pnpm build` made.
import { writeFile } from 'node:fs/promises'
import { makeApiReports } from '../test/packages/support/api-report.ts'

for (const { file, text } of await makeApiReports()) await writeFile(file, text)
