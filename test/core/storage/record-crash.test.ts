import { expect } from 'chai'
import { crashes, FaultyDisk, seededRandom } from '@akshi/testkit'
import type { RecordFile } from '../../../packages/core/src/storage/record-file.ts'
import { found, openRecords, records, varied as content } from './record-fixture.ts'

/** What a program did until now: all that it appended, and how much of it a `sync` has acknowledged. */
interface Story {
  readonly appended: Uint8Array[]
  acknowledged: number
}

function append (file: RecordFile, story: Story, added: readonly Uint8Array[]): void {
  story.appended.push(...added)
  file.append(added)
}

async function sync (file: RecordFile, story: Story): Promise<void> {
  const count = story.appended.length
  await file.sync()
  story.acknowledged = Math.max(story.acknowledged, count)
}

/** Two lives of a program that writes records in groups, with syncs that overlap appends. */
async function live (disk: FaultyDisk, story: Story): Promise<void> {
  await disk.makeFolder('/feeds')
  const { file } = await openRecords(disk)
  append(file, story, content.slice(0, 2))
  await sync(file, story)
  append(file, story, content.slice(2, 3))
  const syncing = sync(file, story)
  await Promise.resolve()
  append(file, story, content.slice(3, 5))
  await syncing
  await sync(file, story)
  append(file, story, content.slice(5, 6))
  await file.close()
  const { file: again } = await openRecords(disk)
  story.acknowledged = again.count
  append(again, story, content.slice(6, 8))
  await sync(again, story)
  append(again, story, content.slice(8))
  await again.close()
}

/** The disk of a program that lived until this write point, with its story. */
async function crashedAt (point: number): Promise<{ disk: FaultyDisk, story: Story }> {
  const disk = new FaultyDisk()
  const story: Story = { appended: [], acknowledged: 0 }
  disk.crashAt(point)
  await crashes(() => live(disk, story))
  return { disk, story }
}

async function writePoints (): Promise<number> {
  const disk = new FaultyDisk()
  await live(disk, { appended: [], acknowledged: 0 })
  return disk.points
}

/** What is on the disk after a restart, checked against the story; then the file is used on. */
async function expectStory (disk: FaultyDisk, { appended, acknowledged }: Story, message: string): Promise<void> {
  await disk.makeFolder('/feeds')
  const { content: kept } = await found(disk)
  expect(kept, message).to.deep.equal(appended.slice(0, kept.length))
  expect(kept.length, message).to.be.at.least(acknowledged)
  const { file } = await openRecords(disk)
  file.append(records)
  await file.sync()
  expect((await found(disk.afterCrash({ random: seededRandom() }))).content, message).to.deep.equal([...kept, ...records])
}

describe('RecordFile after a crash', () => {
  it('has all that was synced and a beginning of what was appended, wherever the process was killed', async () => {
    for (let point = 1; point <= await writePoints() + 1; point++) {
      const { disk, story } = await crashedAt(point)
      await expectStory(disk.afterKill(), story, `killed at write point ${point}`)
    }
  })

  it('has all that was synced and a beginning of what was appended, wherever the power went', async () => {
    for (let point = 1; point <= await writePoints() + 1; point++) {
      const { disk, story } = await crashedAt(point)
      for (let seed = 0; seed < 40; seed++) await expectStory(disk.afterCrash({ random: seededRandom(seed) }), story, `no power at write point ${point}, seed ${seed}`)
    }
  })

  it('has all that was synced when the power goes after the process was killed and had come back', async () => {
    for (let point = 1; point <= await writePoints() + 1; point++) {
      const { disk, story } = await crashedAt(point)
      const restarted = disk.afterKill()
      await restarted.makeFolder('/feeds')
      const { file } = await openRecords(restarted)
      const acknowledged = file.count
      for (let seed = 0; seed < 10; seed++) await expectStory(restarted.afterCrash({ random: seededRandom(seed) }), { ...story, acknowledged }, `write point ${point}, seed ${seed}`)
    }
  })
})
