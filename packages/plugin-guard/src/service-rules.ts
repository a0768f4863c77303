import { isRandom } from './likeness.ts'
import type { TextRule } from './text-rule.ts'

const before = '(?<![A-Za-z0-9_-])'

/** A token that begins in a way of its own, so that nothing else is taken for it. `body` is what follows `start`. */
function token (id: string, finds: string, start: string, body: string): TextRule {
  return { id, finds, pattern: new RegExp(`${before}(?:${start})${body}`, 'g'), accepts: isRandom }
}

/** Keys and tokens of services, by how they begin. What secretlint 11 has is not repeated, unless it misses forms of it. */
export const serviceRules: readonly TextRule[] = [
  token('aws-access-key-id', 'an AWS access key id', 'AKIA|ASIA|ABIA|ACCA', '[A-Z2-7]{16}(?![A-Za-z0-9])'),
  token('google-api-key', 'a Google API key', 'AIza', '[\\w-]{35}'),
  token('google-oauth', 'a Google OAuth secret or token', 'GOCSPX-|ya29\\.|1//0', '[\\w-]{24,}'),
  token('huggingface-token', 'a Hugging Face token', 'hf_|api_org_', '[A-Za-z0-9]{30,}'),
  token('stripe-key', 'a Stripe key', '[rs]k_(?:live|test)_', '[A-Za-z0-9]{16,}'),
  token('webhook-secret', 'a webhook signing secret', 'whsec_', '[A-Za-z0-9+/=]{24,}'),
  token('gitlab-token', 'a GitLab token', 'gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|ffct)-', '[\\w-]{20,}'),
  token('groq-key', 'a Groq key', 'gsk_', '[A-Za-z0-9]{40,}'),
  token('openai-key', 'an OpenAI key', 'sk-(?:proj|svcacct|admin|None)-', '[\\w-]{40,}'),
  token('openai-key', 'an OpenAI key', 'sk-', '[A-Za-z0-9]{40,}'),
  token('openrouter-key', 'an OpenRouter key', 'sk-or-v1-', '[0-9a-f]{64}'),
  token('anthropic-key', 'an Anthropic key', 'sk-ant-(?:[a-z]+\\d\\d-)?', '[\\w-]{40,}'),
  token('model-service-key', 'a key of a model service', 'xai-|pplx-|r8_|nvapi-|tvly-|fw_|co_', '[\\w-]{36,}'),
  token('slack-token', 'a Slack token', 'xox[a-z]-|xapp-', '[A-Za-z0-9-]{20,}'),
  token('discord-token', 'a Discord bot token', '[MNO][\\w-]{23,25}\\.', '[\\w-]{6}\\.[\\w-]{27,38}'),
  token('telegram-token', 'a Telegram bot token', '\\d{8,10}:AA', '[\\w-]{33}'),
  token('twilio-key', 'a Twilio API key', 'SK', '[0-9a-f]{32}(?![A-Za-z0-9])'),
  token('mail-service-key', 'a Mailgun key', 'key-', '[0-9a-z]{32}(?![A-Za-z0-9])'),
  { id: 'mail-service-key', finds: 'a Mailchimp key', pattern: /-us\d{1,2}(?![\w-])(?<=(?<![A-Za-z0-9])(?<secret>[0-9a-f]{32}-us\d{1,2}))/g },
  token('cloud-token', 'a token of a cloud service', 'do[oprt]_v1_|dapi|dp\\.[a-z]{2}\\.|pscale_[a-z]+_|sbp_|glsa_|phx_|figd_|rubygems_|tskey-[a-z]+-|hvs\\.|hvb\\.|dckr_[a-z]+_|sntrys_|ntn_|NRAK-|pypi-AgEI', '[\\w-]{20,}'),
  token('service-token', 'a token of a service', 'p8e-|LTAI|AKCp|cmVmd|ABSK|CLOJARS_|duffel_(?:test|live)_|dt0c01\\.|EZ[AT]K|EAA[MC]|FLWSECK_TEST-|fo1_|fm[12][ar]?_|fio-u-|glimt-|GR1348941|glc_|HRKU-AA|ico-|s-s4t2(?:ud|af)-|sha256~|PMAK-|pnu_|pul-|rdme_|tk-us-|xkeysib-|sntryu_|sm_[aps]at_|shippo_(?:live|test)_|xoxe[.-]|sgp_|sq0atp-|ops_eyJ|v1\\.0-[0-9a-f]{24}-', '[\\w.+/=-]{20,}'),
  { id: 'terraform-token', finds: 'a Terraform token', pattern: /\.atlasv1\.(?<secret>[\w=-]{60,})/g, accepts: isRandom },
  token('azure-client-secret', 'an Azure client secret', '[\\w~.-]{3}\\dQ~', '[\\w~.-]{31,34}'),
  { id: 'azure-account-key', finds: 'an Azure account key', pattern: /(?:AccountKey|SharedAccessKey)\s{0,4}=\s{0,4}(?<secret>[A-Za-z0-9+/]{40,90}={0,2})/gi, accepts: isRandom },
  { id: 'azure-signature', finds: 'an Azure shared access signature', pattern: /[?&]sig=(?<secret>[A-Za-z0-9+/%]{40,100}(?:=|%3D)?)/gi, accepts: isRandom },
  { id: 'npm-auth', finds: 'an npm registry token', pattern: /_auth(?:Token)?\s{0,4}=\s{0,4}(?<secret>[A-Za-z0-9+/=_-]{16,})/g, accepts: isRandom }
]
