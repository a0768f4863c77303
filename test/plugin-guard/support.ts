import { createIdentity, type Identity } from '@akshi/core'
import { ConfiguredRules, type RuleSettings } from '../../packages/plugin-guard/src/configured-rules.ts'
import { Fingerprints } from '../../packages/plugin-guard/src/fingerprints.ts'
import { Scanner } from '../../packages/plugin-guard/src/scanner.ts'
import type { KnownSecret } from '../../packages/plugin-guard/src/secret-forms.ts'

export interface ScannerParts {
  readonly identity?: Identity
  readonly rules?: readonly RuleSettings[]
  readonly allow?: readonly string[]
  readonly known?: readonly KnownSecret[]
}

/** A scanner without a node. */
export function scannerOf ({ identity = createIdentity(), rules = [], allow = [], known = [] }: ScannerParts = {}): Scanner {
  return new Scanner({ configured: new ConfiguredRules(rules, new Set()), fingerprints: new Fingerprints(identity), allow: new Set(allow), known: () => known })
}
