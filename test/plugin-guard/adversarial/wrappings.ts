/** A way in which a secret gets into what is written. */
export type Wrapping = readonly [name: string, wrap: (text: string) => unknown]

/** The value of `name = value` and the like, or all of the text. */
const escaped = (text: string) => JSON.stringify(JSON.stringify({ log: { line: text } }))

/** What agents do with texts: put them into objects, lists and logs, and encode them. */
export const wrappings: readonly Wrapping[] = [
  ['in a sentence', (text) => `here you are:\n${text}\nthanks`],
  ['nested', (text) => ({ task: { steps: [{ output: { text } }] } })],
  ['in a list', (text) => ['first', text, 3]],
  ['in a key', (text) => ({ env: { [text]: true } })],
  ['as JSON', (text) => ({ raw: JSON.stringify({ line: text }) })],
  ['as JSON in JSON', (text) => escaped(text)],
  ['as JSON in JSON in a sentence', (text) => `sent ${escaped(text)} to the server`],
  ['in base64', (text) => ({ data: Buffer.from(text).toString('base64') })],
  ['in base64url, in a URL', (text) => `https://example.net/cb?state=${Buffer.from(text).toString('base64url')}&x=1`],
  ['percent-encoded', (text) => `https://example.net/?q=${encodeURIComponent(text)}`],
  ['in hex', (text) => Buffer.from(text).toString('hex')],
  ['as bytes', (text) => ({ file: [...Buffer.from(text)] })],
  ['as a Buffer', (text) => ({ file: Buffer.from(text) })],
  ['in a data URL', (text) => `data:text/plain;base64,${Buffer.from(text).toString('base64')}`],
  ['in code', (text) => '```js\nconst value = ' + JSON.stringify(text) + '\n```'],
  ['in a diff', (text) => `@@ -1,2 +1,3 @@\n context\n${text.split('\n').map((line) => `+${line}`).join('\n')}`]
]
