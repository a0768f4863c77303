import { CborReader } from '../cbor.ts'
import { didFromPublicKey } from '../did.ts'
import { isJournalName } from '../journal-name.ts'
import { actorBytes, algEdDsa, hashBytes, kidBytes, labels, maxHeads, maxJournalLength } from './header-format.ts'

const read = new CborReader('MESH_ENVELOPE_INVALID', 'The envelope')

/** Throws `MESH_ENVELOPE_INVALID` with what is wrong with bytes that are no protected header in the one form that there is. */
export function throwHeaderProblem (bytes: Uint8Array): never {
  const outer = read.map(read.decode(bytes), 'the protected header')
  if (outer.get(labels.alg) !== algEdDsa) throw read.fail('the algorithm is not EdDSA (-8)')
  read.bytes(outer.get(labels.kid), 'kid', kidBytes)
  checkFields(read.map(outer.get(labels.akshi), `label ${labels.akshi}`))
  throw read.fail('it is not in canonical form')
}

function checkFields (fields: ReadonlyMap<unknown, unknown>): void {
  if (fields.get('v') !== 1) throw read.fail(`version ${JSON.stringify(fields.get('v'))} is not 1; if it is newer, update this node`)
  read.uint(fields.get('at'), 'at')
  const kind = fields.get('kind')
  if (kind === 'a2a') return checkMessage(fields)
  const seq = read.uint(fields.get('seq'), 'seq')
  if (kind === 'announcement') return
  if (kind !== 'journal') throw read.fail(`kind ${JSON.stringify(kind)} is not known; if it is new, update this node`)
  const part = fields.get('part')
  if (part !== 'log' && part !== 'state') throw read.fail('part is neither log nor state')
  if (!isJournalName(read.text(fields.get('journal'), 'journal', maxJournalLength))) throw read.fail('journal is not a journal name')
  if (seq === 0) throw read.fail('seq starts at 1')
  if ((seq === 1) !== (fields.get('prev') === undefined)) throw read.fail('prev must be there exactly from seq 2 on')
  if (seq > 1) read.bytes(fields.get('prev'), 'prev', hashBytes)
  read.bytes(fields.get('actor'), 'actor', actorBytes)
  for (const each of read.list(fields.get('heads'), 'heads', maxHeads)) read.bytes(each, 'a head', hashBytes)
  if (part === 'state') return
  read.uint(fields.get('segment'), 'segment')
  read.uint(fields.get('entries'), 'entries')
}

function checkMessage (fields: ReadonlyMap<unknown, unknown>): void {
  read.uint(fields.get('expires'), 'expires')
  try {
    didFromPublicKey(read.bytes(fields.get('to'), 'to', kidBytes))
  } catch (cause) {
    throw read.fail('its "to" is not a usable key', cause)
  }
}
