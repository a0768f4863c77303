import fc from 'fast-check'

const home = fc.nat(3)
const seed = fc.integer()

/** Something that happens to a mesh. Homes, identities and backups are numbers, taken modulo what there is. */
export type Command =
  | { readonly kind: 'append', readonly home: number, readonly sizes: readonly number[] }
  | { readonly kind: 'bulk', readonly home: number }
  | { readonly kind: 'change', readonly home: number }
  | { readonly kind: 'deliver', readonly from: number, readonly to: number, readonly how: 'all' | 'pull' | 'push' | 'blind', readonly isFaulty: boolean, readonly seed: number }
  | { readonly kind: 'gossip', readonly order: number }
  | { readonly kind: 'kill', readonly home: number }
  | { readonly kind: 'powerCut', readonly home: number, readonly seed: number }
  | { readonly kind: 'crash', readonly home: number, readonly during: 'append' | 'change' | 'deliver', readonly points: number, readonly isPowerCut: boolean, readonly seed: number }
  | { readonly kind: 'loseDisk', readonly home: number }
  | { readonly kind: 'backup', readonly home: number }
  | { readonly kind: 'restore', readonly home: number }
  | { readonly kind: 'clone', readonly home: number }
  | { readonly kind: 'trust' | 'untrust', readonly home: number, readonly identity: number }
  | { readonly kind: 'damage', readonly home: number, readonly file: number, readonly place: number, readonly isCut: boolean }

const kindOf = <Kind extends Command['kind']>(kind: Kind) => fc.constant(kind)

const harmless = {
  append: fc.record({ kind: kindOf('append'), home, sizes: fc.array(fc.constantFrom(1, 1, 1, 2, 40), { minLength: 1, maxLength: 3 }) }),
  change: fc.record({ kind: kindOf('change'), home }),
  deliver: fc.record({ kind: kindOf('deliver'), from: home, to: home, how: fc.constantFrom('all' as const, 'all' as const, 'pull' as const, 'push' as const, 'blind' as const), isFaulty: fc.boolean(), seed }),
  gossip: fc.record({ kind: kindOf('gossip'), order: seed }),
  kill: fc.record({ kind: kindOf('kill'), home }),
  powerCut: fc.record({ kind: kindOf('powerCut'), home, seed }),
  crash: fc.record({ kind: kindOf('crash'), home, during: fc.constantFrom('append' as const, 'change' as const, 'deliver' as const), points: fc.integer({ min: 1, max: 12 }), isPowerCut: fc.boolean(), seed })
}

const harmful = {
  loseDisk: fc.record({ kind: kindOf('loseDisk'), home }),
  backup: fc.record({ kind: kindOf('backup'), home }),
  restore: fc.record({ kind: kindOf('restore'), home }),
  clone: fc.record({ kind: kindOf('clone'), home }),
  damage: fc.record({ kind: kindOf('damage'), home, file: fc.nat(), place: fc.nat(), isCut: fc.boolean() })
}

const distrust = {
  trust: fc.record({ kind: kindOf('trust'), home, identity: home }),
  untrust: fc.record({ kind: kindOf('untrust'), home, identity: home })
}

const bulk = fc.record({ kind: kindOf('bulk'), home })

/** What may happen in a run, and how often. */
export function commandsOf (what: 'restarts' | 'disasters' | 'trust' | 'all' | 'segments', maxLength: number): fc.Arbitrary<Command[]> {
  const { append, change, deliver, gossip, ...ends } = harmless
  const usual = [{ weight: 6, arbitrary: append }, { weight: 4, arbitrary: change }, { weight: 8, arbitrary: deliver }, { weight: 1, arbitrary: gossip }]
  const some = (arbitraries: Readonly<Record<string, fc.Arbitrary<Command>>>) => Object.values(arbitraries).map((arbitrary) => ({ weight: 1, arbitrary }))
  const more = {
    restarts: some(ends),
    disasters: [...some(ends), ...some(harmful)],
    trust: [...some(distrust), ...some(distrust), ...some(ends)],
    all: [...some(ends), ...some(harmful), ...some(distrust)],
    segments: [...some(ends), ...some(harmful), { weight: 6, arbitrary: bulk }]
  }[what]
  return fc.array(fc.oneof(...usual, ...more) as fc.Arbitrary<Command>, { minLength: 1, maxLength, size: 'max' })
}
