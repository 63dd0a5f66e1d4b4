import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { askQuestion } from './support.ts'

const VALUES = { huge: [1e308, 1e308], squares: [1e200, 3e200], usual: [20, 22] }

const records = Object.entries(VALUES)
  .flatMap(([sensor, values]) =>
    values.map((temperature, index) => ({ id: `${sensor}-${index}`, sensor, temperature })),
  )
  .map(({ id, ...measured }, offset) =>
    logRecord(offset, environmentReading(id, measured), { topic: 'readings' }),
  )

describe('values of one sensor that DuckDB cannot compute with', () => {
  for (const [statistic, usual] of [
    ['stddev(temperature)', Math.SQRT2],
    ['stddev_pop(temperature) FILTER (temperature > 0)', 1],
    ['var_samp(DISTINCT temperature)', 2],
    ['corr(temperature, temperature)', 1],
  ] as const)
    it(`given ${statistic}, then the others have theirs, and a notice names what is left out`, async () => {
      const { rows, notices } = await askQuestion(
        { records },
        `SELECT subject, ${statistic} AS value FROM readings GROUP BY ALL ORDER BY ALL;
          SELECT max(temperature) AS value FROM readings`,
      )
      assert.deepEqual(rows, [
        { subject: 'huge', value: null },
        { subject: 'squares', value: null },
        { subject: 'usual', value: usual },
        { value: 1e308 },
      ])
      assert.deepEqual(notices, [
        'The answer is without numbers beyond ±1e+100, whose squares are out of range.',
      ])
    })

  it('given a window, or sums and means, then each sensor has its own', async () => {
    const { rows } = await askQuestion(
      { records },
      `SELECT DISTINCT subject, stddev(temperature) OVER (PARTITION BY subject) AS d FROM readings ORDER BY ALL;
        SELECT subject, sum(temperature) AS s, avg(temperature) AS m FROM readings GROUP BY ALL ORDER BY ALL`,
    )
    assert.deepEqual(rows, [
      ...[
        { subject: 'huge', d: null },
        { subject: 'squares', d: null },
      ],
      { subject: 'usual', d: Math.SQRT2 },
      { subject: 'huge', s: 'Infinity', m: 'Infinity' },
      { subject: 'squares', s: 4e200, m: 2e200 },
      { subject: 'usual', s: 42, m: 21 },
    ])
  })

  it('given a number that a statement reads itself, then the message says how to leave it out', async () => {
    await assert.rejects(
      askQuestion({ records }, 'SELECT stddev(x) FROM (VALUES (1e200), (3e200)) AS t (x)'),
      /STDDEV_SAMP is out of range! Leave out large numbers: WHERE abs\(value\) <= 1e\+100/,
    )
  })

  it('given nanoseconds in the timestamp of a record, then all records are found', async () => {
    const odd = { ...records[0], timestampMs: 1.7e18 } as (typeof records)[number]
    const { rows } = await askQuestion(
      { records: [odd, ...records.slice(1)] },
      'SELECT count(*) AS n, max("timestamp") AS t FROM records',
    )
    assert.deepEqual(rows, [{ n: records.length, t: '275760-09-13 00:00:00' }])
  })
})
