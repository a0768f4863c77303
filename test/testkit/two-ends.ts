import type { Did, Digest, EnvelopeReceiver, Link, LinkSource, Range, Receipt, SignedAnnouncement } from '@akshi/core'
import { MemoryNetwork, seededIdentity, seededRandom, VirtualClock, type LinkConditions } from '@akshi/testkit'

/** The far end of a link: notes what comes, and answers. */
export class FarEnd implements EnvelopeReceiver {
  readonly came: { readonly at: number, readonly batch: readonly number[], readonly from: LinkSource }[] = []
  readonly #clock: VirtualClock

  constructor (clock: VirtualClock) {
    this.#clock = clock
  }

  admits (): boolean { return true }
  hint (): void {}

  async receive (batch: readonly Uint8Array[], from: LinkSource): Promise<Receipt> {
    this.came.push({ at: this.#clock.monotonic(), batch: batch.map(([first = 0]) => first), from })
    return { verdicts: batch.map(([first = 0]) => ({ status: 'refused' as const, reason: `${first}` })), have: [] }
  }

  async digest ({ root }: Digest): Promise<Digest> { return { root } }

  async * serve (want: readonly Range[]): AsyncGenerator<Uint8Array> {
    for (let item = 0; item < 20; item++) yield Uint8Array.of(item, want.length)
  }
}

const never = new AbortController().signal

/** Two ends of a link in memory, `here` and `there`. */
export function twoEnds (conditions: Partial<LinkConditions> = {}, seed = 1) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork({ clock, random: seededRandom(seed), conditions })
  const [here, there] = [seededIdentity(1).did, seededIdentity(2).did] as [Did, Did]
  const end = new FarEnd(clock)
  const detach = network.attach({ did: there, receiver: end, announcement: () => ({}) as SignedAnnouncement })
  network.attach({ did: here, receiver: new FarEnd(clock), announcement: () => ({}) as SignedAnnouncement })
  const link = network.connect(here, there)
  return {
    clock,
    network,
    here,
    there,
    end,
    detach,
    push: (...items: readonly number[]) => outcome(link.push(items.map((item) => Uint8Array.of(item)), never), clock),
    digest: () => outcome(link.digest({ root: new Uint8Array(32) }, never), clock),
    pull: () => pullAll(link, clock)
  }
}

/** The items that came of a pull, however it ended. */
async function pullAll (link: Link, clock: VirtualClock): Promise<number> {
  let count = 0
  await outcome((async () => { for await (const item of link.pull([], { limit: 100 }, never)) count += item.length > 0 ? 1 : 0 })(), clock)
  return count
}

/** What a call came to, and when; time passes as it needs. */
async function outcome<Result> (call: Promise<Result>, clock: VirtualClock): Promise<{ readonly at: number, readonly result?: Result, readonly code?: string }> {
  const over: { now?: { at: number, result?: Result, code?: string } } = {}
  call.then((result) => { over.now = { at: clock.monotonic(), result } }, ({ code }: { code: string }) => { over.now = { at: clock.monotonic(), code } })
  for (let turn = 0; over.now === undefined && turn < 10_000; turn++) await clock.advance(1)
  return over.now ?? { at: Infinity }
}
