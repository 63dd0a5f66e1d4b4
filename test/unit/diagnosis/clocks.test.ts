import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkClocks } from '../../../lib/diagnosis/checks/producers.ts'
import { describeClocks } from '../../../lib/diagnosis/clocks.ts'

const NOW = Date.parse('2026-11-29T12:00:00Z')
const HOUR = 3_600_000
const WEEKS_1024 = 619_315_200_000

/** Readings of an entity that are appended one after another, by the time that their clock is behind. */
const readings = (entity: string, ...behindMs: readonly number[]) =>
  behindMs.map((ms, offset) => ({
    entity,
    timeMs: NOW + offset * 1000 - ms,
    appendMs: NOW + offset * 1000,
    offset,
  }))

it('given records of one batch, in any order, then the one with the greatest offset is the last', () => {
  const batch = [
    { entity: '/gps turns', timeMs: NOW - WEEKS_1024, appendMs: NOW, offset: 8 },
    { entity: '/gps turns', timeMs: NOW, appendMs: NOW, offset: 7 },
  ]
  for (const order of [batch, batch.toReversed()]) assert.equal(describeClocks(order).length, 1)
})

it('given clocks, then those whose last reading is years old or far before an earlier one are named', () => {
  const found = describeClocks([
    ...readings('/gps old', WEEKS_1024, WEEKS_1024),
    ...readings('/gps turns', 50_000, WEEKS_1024),
    ...readings('/gps winter', 0, HOUR, HOUR),
    ...readings('/gps right', 0, 20 * 60_000, 0),
    ...readings('/gps mended', WEEKS_1024, 0),
    ...readings('/gps stored', 300 * 24 * HOUR, 299 * 24 * HOUR),
  ])
  assert.deepEqual(found, [
    'the last reading of /gps old is 7168 d before its record',
    'the last reading of /gps turns is 7168 d before its record, and 7167 d 23 h before an earlier one, so rules skip it as late, without an alert',
    'the last reading of /gps winter is 59 min 58 s before an earlier one, so rules skip it as late, without an alert',
  ])
  assert.deepEqual(
    checkClocks('readings', found).map(({ verdict }) => verdict),
    ['open', 'open', 'open'],
  )
  assert.equal(checkClocks('readings', [])[0]?.verdict, 'ok')
})
