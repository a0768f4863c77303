import { Type } from '@akshi/core'

const RuleConfig = Type.Object({
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$', description: 'What refusals call the rule: lower-case letters, digits and hyphens.' }),
  pattern: Type.String({ minLength: 1, description: 'A JavaScript regular expression. Its group `secret`, if it has one, is the secret; otherwise all of the match is.' }),
  flags: Type.String({ default: '', pattern: '^[imsu]*$', description: 'Flags of the expression, of `imsu`.' })
}, { additionalProperties: false })

/** The schema of `[plugins.config]` of plugin-guard. */
export const GuardConfig = Type.Object({
  rules: Type.Array(RuleConfig, { default: [], description: 'Rules of your own, beside those that the guard has.' }),
  allow: Type.Array(Type.String({ pattern: '^[0-9a-f]{16}$', description: 'A fingerprint.' }), { default: [], description: 'Fingerprints of false positives, as refusals print them: what has one is written.' }),
  values_from_env: Type.Array(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$', description: 'A name.' }), { default: [], description: 'Names of environment variables whose values must never be written, in any encoding.' })
}, { additionalProperties: false })
