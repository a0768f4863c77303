import { expect } from 'chai'
import { faults, type Message } from './support/message-faults.ts'
import { begin, stories, type Beginning } from './support/stories.ts'
import { maxRestMs, tell } from './support/telling.ts'

/** `npm test` gives each message every eighth fault, others from message to message; `pnpm soak` gives each all. */
const stride = process.env.SOAK === undefined ? 8 : 1

/** Two whole nodes, every message of a sync, and everything that can happen at it. */
for (const story of stories) {
  describe(`When ${story.name}`, function () {
    this.timeout(60_000)
    let beginning: Beginning
    let undisturbed: readonly Message[]

    before(async () => {
      beginning = await begin(story)
      const { messages, problems } = await tell(story, beginning)
      undisturbed = messages
      expect(problems).to.deep.equal([])
      expect(messages.length).to.be.greaterThan(20)
    })

    for (const [number, fault] of faults.entries()) {
      it(`and a message fares so: ${fault.name}, both come together soon by themselves and lose nothing`, async () => {
        for (const at of undisturbed.keys()) {
          if ((at + number) % stride !== 0) continue
          const { restMs, problems } = await tell(story, beginning, { fault, at, undisturbed })
          const { kind, isAnswer } = undisturbed[at] as Message
          const which = `message ${at}, ${isAnswer ? 'the answer to ' : ''}a ${kind}`
          expect(problems, which).to.deep.equal([])
          expect(restMs, which).to.be.at.most(maxRestMs(fault.lastsMs))
        }
      })
    }
  })
}
