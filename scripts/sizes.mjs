// pnpm sizes: writes test/packages/sizes.json, the size budget of the packages, from what would be published now.
import { writeFile } from 'node:fs/promises'
import { sizeOf, sizesFile } from '../test/packages/support/package-size.ts'
import { packedTarballs } from '../test/packages/support/tarball.ts'

const sizes = (await packedTarballs()).map((tarball) => [tarball.name, sizeOf(tarball)])
await writeFile(sizesFile, JSON.stringify(Object.fromEntries(sizes), null, 2) + '\n')
