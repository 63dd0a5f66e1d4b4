import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type StoredEvent, toRows } from '../../../lib/storage/rows.ts'
import { READINGS, TABLES } from '../../../lib/storage/table.ts'
import { FAMILIES } from '../../support/families.ts'
import { NOON, storedAlert, storedReading, storedState } from '../../support/stored-events.ts'

/** Returns the row of an event, as values by column. */
function getRow(stored: StoredEvent): Readonly<Record<string, unknown>> {
  const [[table, [row]] = [READINGS, []]] = [...toRows(FAMILIES, [stored])]
  return Object.fromEntries(table.columns.map(([name], index) => [name, row?.[index]]))
}

describe('the time of a row', () => {
  const end = Date.UTC(9999, 11, 31)
  for (const [given, timeMs, stored] of [
    ['the first instant of 1970', 0, 0],
    ['an instant before 1970', -1, null],
    ['the last instant that every database has', end - 1, end - 1],
    ['an instant after it', end, null],
    ['no time', Number.NaN, null],
  ] as const)
    it(`given ${given}, then it is ${stored}`, () =>
      assert.equal(getRow(storedReading('r', {}, { timeMs })).event_ts, stored))

  it('given texts of times in an alert, then 1970-01-01 is one, and a text that is not an RFC 3339 time is null', () => {
    const [startedAt, activeAt, endedAt] = ['1970-01-01T00:00:00Z', '1970-01-01', 0]
    const { alert_ts, active_ts, resolved_ts } = getRow(
      storedAlert('resolved', 'a', { startedAt, activeAt, endedAt }),
    )
    assert.deepEqual([alert_ts, active_ts, resolved_ts], [0, null, null])
  })
})

describe('a text in a key', () => {
  const getId = (id: string) => String(getRow(storedReading(id, {})).id)

  for (const [given, id] of [
    ['800 characters', 'a'.repeat(800)],
    ['800 bytes', `aa${'漢'.repeat(266)}`],
  ] as const)
    it(`given ${given}, then it is stored as it is`, () => assert.equal(getId(id), id))

  for (const [given, id] of [
    ['801 characters', 'a'.repeat(801)],
    ['801 bytes', '漢'.repeat(267)],
    ['surrogate pairs', '🙂'.repeat(201)],
    ['a pair at the cut', `${'a'.repeat(99)}${'🙂'.repeat(500)}`],
  ] as const)
    it(`given ${given}, then it is shortened to fewer bytes, and differs from others that begin alike`, () => {
      const stored = getId(id)
      assert.ok(Buffer.byteLength(stored) <= 800)
      assert.ok(stored.isWellFormed())
      assert.equal(stored.slice(0, 99), id.slice(0, 99))
      assert.equal(new Set([stored, getId(`${id}a`), getId(`${id}b`)]).size, 3)
      assert.equal(getId(id), stored)
    })

  it('given the longest key of any table, then it is below the limit of an index entry in PostgreSQL', () => {
    const long = 'a'.repeat(800)
    for (const { key, columns } of TABLES) {
      const texts = key.filter(name => columns.some(([own, type]) => own === name && type === 'TEXT'))
      assert.ok(texts.length * Buffer.byteLength(getId(long)) < 2704)
    }
  })
})

describe('the row of a state', () => {
  it('given an event without value and subject, then these are NULL and empty; one that lacks more has no row', () => {
    const { subject, value, revision, since } = getRow(
      storedState(1, { ok: 12 }, { value: undefined, entity: { source: '/press/a' } }),
    )
    assert.deepEqual([subject, value, revision, since], ['', null, 1, NOON])
    const lacking = [{ state: 1 }, { revision: 1.5 }, { seconds: 'x' }, { windowEnd: '' }, { entity: '/a' }]
    for (const fields of lacking)
      assert.equal(toRows(FAMILIES, [storedState(1, { ok: 1 }, fields)]).size, 0, JSON.stringify(fields))
  })
})

describe('rows of a batch', () => {
  const listRows = (...events: readonly StoredEvent[]) =>
    [...toRows(FAMILIES, events)].flatMap(([, rows]) => rows)

  it('given events with the same key, then one row is left, that of the last', () => {
    const [first, last] = [1, 2].map(n => storedReading('r', { temperature: n }))
    assert.ok(first && last)
    assert.deepEqual(
      listRows(first, storedReading('other', {}), last),
      listRows(last, storedReading('other', {})),
    )
  })

  it('given keys whose parts only join to the same text, then each has its row', () => {
    const events = [
      storedReading('1', {}, { partition: 0, offset: 11 }),
      storedReading('11', {}, { partition: 0, offset: 1 }),
      storedReading('1', {}, { partition: 1, offset: 1 }),
    ]
    assert.equal(listRows(...events).length, 3)
  })

  it('given an alert without trace, entity and labels, then these columns are null', () => {
    const { event, ...place } = storedAlert('fired', 'a', { entity: 'roof', labels: ['a'], severity: 1 })
    const { trace_id, source, subject, labels, severity } = getRow({
      ...place,
      event: { ...event, extensions: {} },
    })
    const { extensions: _, ...bare } = event
    assert.equal(getRow({ ...place, event: bare }).trace_id, null)
    assert.deepEqual([trace_id, source, subject, labels, severity], Array(5).fill(null))
  })

  it('given numbers, then finite ones are kept, and minus zero is zero', () => {
    const { value, threshold, measured } = getRow(
      storedAlert('fired', 'a', { value: -0, threshold: Number.NaN, measured: '1' }),
    )
    assert.ok(Object.is(value, 0))
    assert.deepEqual([threshold, measured], [null, null])
  })

  it('given JSON with a character that a database refuses, then it is replaced wherever it is, and nothing else', () => {
    const tags = { 'a\0': 'b\ud800', n: 1, no: null, list: ['c\0', 2], inner: { 'd\0': true, e: '\u0001' } }
    const stored = {
      'a\ufffd': 'b\ufffd',
      n: 1,
      no: null,
      list: ['c\ufffd', 2],
      inner: { 'd\ufffd': true, e: '\u0001' },
    }
    assert.deepEqual(JSON.parse(String(getRow(storedReading('r', { tags })).tags)), stored)
  })
})
