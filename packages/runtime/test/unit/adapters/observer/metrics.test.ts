import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { COUNTED } from '../../../../adapters/lambda/metric-names.ts'
import type { LambdaObserver } from '../../../../adapters/lambda/observer.ts'
import { captureLog, listMetrics } from '../../../support/function-log.ts'
import { HERE, REPORTS, reportEverything, STATE_KEY } from '../../../support/observed.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const isMetric = (name: string) => COUNTED.some(counted => counted === name)

/** Returns the metrics of an invocation, and the line of its batch. */
async function observe(work: (observer: LambdaObserver) => void | Promise<void>, now = () => 1_000) {
  const log = await captureLog(work, { now })
  return { metrics: listMetrics(log), line: log.find(({ message }) => message === 'batch') ?? {} }
}

describe('what a function counts and measures', () => {
  // Promise docs/observability.md#metrics | Every outcome is counted once by reason in the line of its batch, and what alarms watch is a metric, and nothing else.
  it('given any outcome, then it is counted once for each reason, in the line of the batch', async () => {
    const { line, metrics } = await observe(async observer => {
      const stage = new Stage(undefined, { report: observer.report })
      await stage.batch([
        record(0, reading('a', HERE)),
        record(1, reading('a', HERE)),
        record(0, reading('b', { sensor: 's-31' }), { partition: 1 }),
      ])
    }, Date.now)
    assert.deepEqual(line.counts, { 'applied/counted': 2, 'duplicate/id-known': 1 })
    assert.deepEqual([...metrics.keys()], ['lagSeconds'])
  })

  for (const { report, counter, count } of REPORTS)
    if (counter !== undefined)
      it(`given a report ${report.kind}, then it is counted as ${counter}, and is a metric if alarms watch it`, async () => {
        const { line, metrics } = await observe(observer => observer.report(report))
        assert.equal((line.counts as Record<string, number>)[counter], count)
        const [name = '', reason = ''] = counter.split('/')
        const counted = (set: string) => ({ unit: 'Count', values: [count], dimensions: [set] })
        assert.deepEqual(
          [metrics.get(name), metrics.get(`${name} ${reason}`)],
          [
            isMetric(name) ? counted('service=tested') : undefined,
            isMetric(counter) ? counted(`service=tested reason=${reason}`) : undefined,
          ],
        )
      })

  it('given a metric with a unit, then its name ends in its unit', async () => {
    for (const [name, { unit }] of listMetrics(await captureLog(reportEverything))) {
      const [, end] = /(Ms|Seconds)\b/.exec(name) ?? []
      assert.equal(unit, end === 'Ms' ? 'Milliseconds' : (end ?? 'Count'), name)
    }
  })

  it('given records, then the line of the batch has the longest time from append to decision', async () => {
    const latency = async (...decided: readonly (readonly ['applied' | 'timer', number])[]) => {
      const decisions = decided.map(([outcome, appendMs], offset) => ({
        ...{ offset, appendMs, outcome },
        reason: 'counted',
      }))
      const report = { kind: 'decisions', stateKey: STATE_KEY, decisions } as const
      return (await observe(observer => observer.report(report))).line.latencyMs
    }
    assert.equal(await latency(['applied', 400], ['timer', 100], ['applied', 900]), 600)
    assert.equal(await latency(['applied', 1_050]), 0, 'a clock that is ahead gives no negative time')
    assert.equal(await latency(['timer', 900]), undefined, 'a timer was never appended')
  })

  it('given more publishing than a metric has room for, then what is written has their percentiles', async () => {
    const { metrics } = await observe(observer => {
      for (let index = 0; index < 5_000; index += 1)
        observer.recordDuration('publish', (index * 1_237) % 5_000)
    })
    const { values = [] } = metrics.get('publishMs') ?? {}
    assert.equal(values.length, 99)
    for (const percentile of [0, 10, 50, 90, 99, 100])
      assert.ok(
        Math.abs((values[Math.round((98 * percentile) / 100)] as number) - 4_999 * (percentile / 100)) < 30,
        `p${percentile}`,
      )
  })

  it('given calls to Redis and Kafka, then the line has the longest of each, and publishing is a metric', async () => {
    let now = 0
    const { line, metrics } = await observe(
      observer => {
        observer.report({ kind: 'redelivered', stateKey: STATE_KEY, records: 1 })
        for (const ms of [3, 5, 4]) observer.recordDuration('load', ms)
        for (const ms of [12, 7]) observer.recordDuration('publish', ms)
        now = 40
      },
      () => now,
    )
    assert.deepEqual([line.loadMs, line.publishMs, line.ms], [5, 12, 40])
    assert.deepEqual(
      [...metrics],
      [['publishMs', { unit: 'Milliseconds', values: [12, 7], dimensions: ['service=tested'] }]],
    )
  })
})
