import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { captureLog, listMetrics } from '../../../support/function-log.ts'
import { HERE, REPORTS, reportEverything, STATE_KEY } from '../../../support/observed.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

describe('what a function counts and measures', () => {
  it('given any outcome, then it is counted once for each reason, and for the function as a whole', async () => {
    const log = await captureLog(async observer => {
      const stage = new Stage(undefined, { report: observer.report })
      await stage.batch([
        record(0, reading('a', HERE)),
        record(1, reading('a', HERE)),
        record(0, reading('b', { sensor: 's-31' }), { partition: 1 }),
      ])
    })
    const counted = [...listMetrics(log)].filter(([, { unit }]) => unit === 'Count')
    assert.deepEqual(counted, [
      ['applied counted', count(2, 'counted')],
      ['duplicate id-known', count(1, 'id-known')],
    ])
  })

  for (const { report, metric, count: expected } of REPORTS)
    if (metric !== undefined)
      it(`given a report ${report.kind}, then it is counted as ${metric}`, async () => {
        const found = listMetrics(await captureLog(observer => observer.report(report))).get(metric)
        assert.deepEqual(found, count(expected, metric.split(' ')[1] as string))
      })

  it('given a metric with a unit, then its name ends in its unit', async () => {
    for (const [name, { unit }] of listMetrics(await captureLog(reportEverything))) {
      const [, end] = /(Ms|Seconds)\b/.exec(name) ?? []
      assert.equal(unit, end === 'Ms' ? 'Milliseconds' : (end ?? 'Count'), name)
    }
  })

  it('given records, then the time from append to decision is measured, by reason', async () => {
    const log = await captureLog(
      observer =>
        observer.report({
          kind: 'decisions',
          stateKey: STATE_KEY,
          decisions: [
            { offset: 1, appendMs: 400, outcome: 'applied', reason: 'counted' },
            { offset: 2, appendMs: 900, outcome: 'timer', reason: 'silent' },
            { offset: 2, appendMs: 900, outcome: 'applied', reason: 'counted' },
            { offset: 3, appendMs: 1_050, outcome: 'ignored', reason: 'not-mine' },
          ],
        }),
      { now: () => 1_000 },
    )
    const metrics = listMetrics(log)
    assert.deepEqual(metrics.get('latencyMs counted'), {
      unit: 'Milliseconds',
      values: [600, 100],
      dimensions: ['service=tested', 'service=tested reason=counted'],
    })
    assert.deepEqual(
      metrics.get('latencyMs not-mine')?.values,
      [0],
      'a clock that is ahead gives no negative time',
    )
    assert.equal(metrics.get('latencyMs silent'), undefined, 'a timer was never appended')
  })

  it('given more records than a metric has room for, then what is written has their percentiles', async () => {
    const shuffled = Array.from({ length: 5_000 }, (_, index) => (index * 1_237) % 5_000)
    const log = await captureLog(
      observer =>
        observer.report({
          kind: 'decisions',
          stateKey: STATE_KEY,
          decisions: shuffled.map((ms, offset) => ({
            offset,
            appendMs: -ms,
            outcome: 'applied',
            reason: 'counted',
          })),
        }),
      { now: () => 0 },
    )
    const { values = [] } = listMetrics(log).get('latencyMs counted') ?? {}
    assert.equal(values.length, 99)
    for (const percentile of [0, 10, 50, 90, 99, 100])
      assert.ok(
        Math.abs((values[Math.round((98 * percentile) / 100)] as number) - 4_999 * (percentile / 100)) < 30,
        `p${percentile}`,
      )
  })

  it('given calls to Redis and Kafka, then how long each took is measured for the function', async () => {
    let now = 0
    const log = await captureLog(
      observer => {
        for (const ms of [3, 5]) observer.recordDuration('load', ms)
        observer.recordDuration('publish', 12)
        now = 40
      },
      { now: () => now },
    )
    const times = [...listMetrics(log)].map(([name, { values, dimensions }]) => [name, values, dimensions])
    assert.deepEqual(times, [
      ['loadMs', [3, 5], ['service=tested']],
      ['publishMs', [12], ['service=tested']],
      ['invocationMs', [40], ['service=tested']],
    ])
  })
})

function count(value: number, reason: string) {
  return {
    unit: 'Count',
    values: [value],
    dimensions: ['service=tested', `service=tested reason=${reason}`],
  }
}
