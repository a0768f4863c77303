import { expect } from 'chai'
import { SegmentRules } from '../../../packages/core/src/automerge/segment-rules.ts'
import { newHandle } from './engine.ts'
import { filled, take } from './filled-segment.ts'
import { actor, entries, entry, LogWriter } from './log-writer.ts'

/** Real Automerge does this, as the writer or after it; neither the change nor the document it makes is taken. */
function refuses (name: string, write: (writer: LogWriter, full: string, rules: SegmentRules) => Uint8Array, reason: string): void {
  it(`refuses ${name}`, () => {
    const { writer, rules, full } = filled()
    const change = write(writer, full, rules)
    expect(() => rules.check(change)).to.throw(RangeError, reason)
    const reader = newHandle(actor(99))
    reader.loadIncremental(Buffer.concat(writer.handle.getChanges([])))
    expect(() => SegmentRules.ofDocument(reader.saveNoCompress())).to.throw(RangeError)
  })
}

/** Values in place of a text. */
const values: Readonly<Record<string, readonly [unknown, string]>> = {
  counter: [1, 'counter'], int: [1, 'int'], uint: [1, 'uint'], f64: [1.5, 'f64'], bytes: [new Uint8Array(50), 'bytes'], timestamp: [new Date(1), 'timestamp'], null: [null, 'null'], boolean: [true, 'boolean']
}

describe('SegmentRules against changes that do not just append', () => {
  refuses('a delete', (writer) => { writer.handle.delete(writer.list, 3); return writer.commit() }, 'overwrites or deletes')
  refuses('a delete beside an append', (writer) => { writer.handle.insert(writer.list, 44, entry(900), 'str'); writer.handle.delete(writer.list, 3); return writer.commit() }, 'overwrites or deletes')
  refuses('an entry that is overwritten', (writer) => { writer.handle.put(writer.list, 3, entry(900), 'str'); return writer.commit() }, 'overwrites or deletes')
  refuses('an overwritten version', (writer) => { writer.handle.put('_root', 'v', 2, 'uint'); return writer.commit() }, 'overwrites or deletes')
  refuses('a new root key', (writer) => { writer.handle.put('_root', 'x', entry(900), 'str'); return writer.commit() }, 'something else than its actor\'s newest list')
  refuses('an insert into the middle', (writer) => { writer.handle.insert(writer.list, 5, entry(900), 'str'); return writer.commit() }, 'does not append at the end')
  refuses('an insert at the head', (writer) => { writer.handle.insert(writer.list, 0, entry(900), 'str'); return writer.commit() }, 'does not append at the end')
  refuses('an insert into an old list', (writer, full) => { writer.handle.insert(full, 256, entry(900), 'str'); return writer.commit() }, 'something else than its actor\'s newest list')
  refuses('a new list though the last is not full', (writer) => { writer.makeList(); writer.handle.insert(writer.list, 0, entry(900), 'str'); return writer.commit() }, 'something else than its actor\'s newest list')
  refuses('a new list with nothing in it', (writer, _, rules) => { take(rules, writer.append(entries(212, 301))); writer.makeList(); return writer.commit() }, 'appends nothing')
  refuses('a map in the list', (writer) => { writer.handle.insertObject(writer.list, 44, {}); return writer.commit() }, 'else than append')
  refuses('a 257th entry in a list', (writer, _, rules) => { take(rules, writer.append(entries(212, 301))); writer.handle.insert(writer.list, 256, entry(900), 'str'); return writer.commit() }, 'appends nothing')
  refuses('more than 1,100 operations', (writer) => writer.append(entries(1_100, 301)), 'more than 1100')
  refuses('more text in a change than fits into 1 MiB with the rest', (writer) => writer.append([entry(901, 'x'.repeat(250_000)), entry(902, 'x'.repeat(250_000)), entry(903, 'x'.repeat(250_000)), entry(904, 'x'.repeat(250_000))]), 'bytes of text')
  refuses('a change that does nothing', (writer) => { writer.handle.emptyChange(null, 1); return writer.handle.getChanges([]).at(-1) ?? new Uint8Array(0) }, 'appends nothing')
  refuses('a message', (writer) => { writer.handle.insert(writer.list, 44, entry(900), 'str'); return writer.commit(1, 'hello') }, 'message')
  refuses('a time before 1970', (writer) => writer.append([entry(900)], -1), 'time')
  refuses('a time that no document could hold beside others', (writer) => writer.append([entry(900)], 2 ** 48 + 1), 'time')
  refuses('an id that is not greater than the last', (writer) => writer.append([entry(300)]), 'does not come after')
  refuses('ids that do not ascend within a change', (writer) => writer.append([entry(902), entry(901)]), 'does not come after')
  refuses('a text without an id', (writer) => writer.append(['{"kind":"note","body":1}']), 'does not begin with its id')
  refuses('a text whose id is not one', (writer) => writer.append([entry(900).replace('"id":"0', '"id":"8')]), 'does not begin with its id')
  refuses('an entry of more than 256 KiB and its frame', (writer) => writer.append([entry(900, 'x'.repeat((256 << 10) + 600))]), 'bytes')
  refuses('an actor that makes a list in the name of another', (writer) => {
    const other = newHandle(actor(2))
    other.loadIncremental(Buffer.concat(writer.handle.getChanges([])))
    other.insert(other.putObject('_root', '01010101/002', []), 0, entry(900), 'str')
    return committed(other, writer)
  }, 'other keys')
  refuses('an insert into a foreign list', (writer) => {
    const other = newHandle(actor(2))
    other.loadIncremental(Buffer.concat(writer.handle.getChanges([])))
    other.insert(other.getWithType('_root', '01010101/001')?.[1] ?? '', 44, entry(900), 'str')
    return committed(other, writer)
  }, 'other actors')
  refuses('two heads', (writer) => {
    const other = newHandle(actor(2))
    other.loadIncremental(Buffer.concat(writer.handle.getChanges([])))
    writer.append([entry(800)])
    other.insert(other.putObject('_root', '02020202/000', []), 0, entry(900), 'str')
    committed(other, writer)
    return writer.append([entry(901)])
  }, 'does not follow')
  refuses('an actor that goes on after another has written', (writer, _, rules) => {
    const change = new LogWriter(actor(2)).follow(writer.handle.getChanges([])).append([entry(800)])
    take(rules, change)
    writer.follow([change])
    return writer.append([entry(900)])
  }, 'goes on after another')
  for (const [name, [value, type]] of Object.entries(values)) {
    refuses(`a ${name} in place of a text`, (writer) => { writer.handle.insert(writer.list, 44, value, type); return writer.commit() }, 'not a text')
  }
})

/** What a handle has done, as one change that the writer's document takes in too. */
function committed (handle: ReturnType<typeof newHandle>, writer: LogWriter): Uint8Array {
  handle.commit(null, 1)
  const change = handle.getLastLocalChange() ?? new Uint8Array(0)
  writer.follow([change])
  return change
}
