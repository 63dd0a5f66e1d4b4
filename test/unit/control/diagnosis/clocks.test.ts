import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkClocks, describeClocks } from '../../../../control/diagnosis/clocks.ts'

const NOW = Date.parse('2026-11-29T12:00:00Z')
const [HOUR, DAY, YEAR] = [3_600_000, 86_400_000, 31_536_000_000]
const WEEKS_1024 = 619_315_200_000

/** Readings that are appended one after another, every second, by the time that their clock is behind. */
const readings = (entity: string, ...behindMs: readonly number[]) =>
  behindMs.map((ms, offset) => {
    const appendMs = NOW + offset * 1000
    return { entity, timeMs: appendMs - ms, appendMs, offset }
  })

/** Distances of readings of a year and more ago that are sent at this multiple of their pace. */
const past = (count: number, speed: number) =>
  Array.from({ length: count }, (_, index) => 2 * YEAR - index * 1000 * (speed - 1))

it('given clocks, then those whose last reading is years old or far before an earlier one are named', () => {
  const found = describeClocks(
    [
      ...readings('/gps old', WEEKS_1024, WEEKS_1024),
      ...readings('/gps turns', 50_000, WEEKS_1024),
      ...readings('/gps winter', 0, HOUR, HOUR),
      ...readings('/gps right', 0, 20 * 60_000, 0),
      ...readings('/gps mended', WEEKS_1024, 0),
      ...readings('/gps stored', 300 * DAY, 299 * DAY),
      ...readings('/sent live', ...past(5, 1)),
      ...readings('/sent in a replay', ...past(5, 4)),
      ...readings('/sent in an import', 0, ...past(2, 7200)),
    ],
    NOW,
  )
  assert.deepEqual(found, [
    'the last reading of /gps old is 7168 d before its record',
    'the last reading of /gps turns is 7168 d before its record, and 7167 d 23 h before an earlier one, so rules skip it as late, without an alert',
    'the last reading of /gps winter is 59 min 58 s before an earlier one, so rules skip it as late, without an alert',
    'the last reading of /sent live is 730 d before its record',
  ])
  const verdicts = [found, []].map(lines => checkClocks('readings', lines).map(({ verdict }) => verdict))
  assert.deepEqual(verdicts, [found.map(() => 'open'), ['ok']])
})

it('given records of one batch in any order, a day ago or a reading known before, then the last one decides', () => {
  const batch = readings('/gps turns', 0, WEEKS_1024).map(reading => ({ ...reading, appendMs: NOW }))
  for (const order of [batch, batch.toReversed()]) {
    assert.equal(describeClocks(order, NOW + DAY).length, 1)
    assert.deepEqual(describeClocks(order, NOW + DAY + 1), [])
  }
  assert.match(`${describeClocks(readings('/gps', HOUR), NOW, NOW)}`, /is 1 h before an earlier one/)
})
