import { definePlugin } from '@akshi/core'
import { GuardConfig } from './config.ts'
import { ConfiguredRules } from './configured-rules.ts'
import { Fingerprints } from './fingerprints.ts'
import { Guard } from './guard.ts'
import { guardCheck } from './guard-check.ts'
import { OwnSecrets } from './own-secrets.ts'
import { Scanner, textRules } from './scanner.ts'

/** The plugin: taps that refuse secrets, a service that knows this node's own, and a check for `akshi doctor`. */
export default definePlugin({
  name: 'guard',
  apiVersion: 1,
  required: true,
  config: GuardConfig,
  setup: ({ config: { rules, allow, values_from_env: names }, clock, logger, identity, settings, control, announcer, hooks, checks }) => {
    const env = new Map(names.flatMap((name): [string, string][] => process.env[name] === undefined ? [] : [[name, process.env[name]]]))
    const configured = new ConfiguredRules(rules, new Set(textRules.map(({ id }) => id)))
    const secrets = new OwnSecrets({ identity, settings, env, clock, logger })
    const scanner = new Scanner({ configured, fingerprints: new Fingerprints(identity), allow: new Set(allow), known: () => secrets.all })
    const guard = new Guard({ own: identity.did, meshId: settings.meshId, scanner, secrets, state: (journal) => control.state(journal), clock, logger })
    hooks.beforeWrite.tapPromise('guard', (write) => guard.beforeWrite(write))
    hooks.beforeEnvelopeSend.tapPromise('guard', (envelope) => guard.beforeEnvelopeSend(envelope))
    checks.add('guard', guardCheck({ guard, scanner, announcer, names, env, rules: textRules.length + rules.length, allow }))
    return { service: guard }
  }
})
