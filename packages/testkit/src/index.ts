export { CrashError, crashes, FaultyDisk } from './faulty-disk.ts'
export { seededIdentity } from './seeded-identity.ts'
export { seededRandom } from './seeded-random.ts'
export { settle, until, VirtualClock } from './virtual-clock.ts'
