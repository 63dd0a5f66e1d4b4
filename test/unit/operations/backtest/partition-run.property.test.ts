import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { consumerOf, PartitionRun } from '../../../../lib/operations/backtest/partition-run.ts'
import { decodeChunk } from '../../../../packages/runtime/pipeline/decoding/decode-chunk.ts'
import { alertingLog, EVERY_KIND, inOrder, publishedAlerts } from '../../../support/alerting-log.ts'
import { Random } from '../../../support/random.ts'
import { seeds } from '../../../support/sampled.ts'

const SEEDS = seeds(60)
const SETTINGS = { env: 'test', idWindowMs: 900_000, futureToleranceMs: 300_000 }

/** Situations that the logs must have met, for the promise to be about them. */
const MET = [
  ...['fired', 'resolved', 'late', 'relapsed', 'erased', 'rules-unchanged'].map(one => `applied/${one}`),
  ...['id-known', 'failure-not-open'].map(one => `duplicate/${one}`),
  ...['schema-violated', 'time-in-future', 'id-conflict', 'not-a-cloudevent', 'attributes-too-large'].map(
    one => `failed/${one}`,
  ),
  ...['fired', 'no-data', 'pipeline-down', 'fired-by-silence'].map(one => `timer/${one}`),
]

describe('a back-test of one partition', () => {
  const met = new Set<string>()

  it(`given ${SEEDS} random logs, then its alerts are those that the alerting consumer publishes`, async () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const random = new Random(seed)
      const log = alertingLog(random, random.between(50, 400), EVERY_KIND)
      const expected = await publishedAlerts(log, EVERY_KIND, { ...SETTINGS, batch: random.between(1, 150) })
      const consumer = consumerOf(EVERY_KIND, SETTINGS)
      const alerts: Alert[] = []
      const run = new PartitionRun(consumer, alert => alerts.push(alert))
      for (const decoded of (await decodeChunk(log, consumer)).decoded) run.record(decoded)
      assert.deepEqual(inOrder(alerts), inOrder(expected.alerts), `seed ${seed}`)
      const count = (outcome: string) => expected.outcomes.filter(one => one.startsWith(outcome)).length
      assert.equal(
        run.counts.duplicates + run.counts.failed,
        count('duplicate/') + count('failed/'),
        `seed ${seed}`,
      )
      for (const outcome of expected.outcomes) met.add(outcome)
    }
  })

  it('given these logs, then everything that can happen to a record has happened in some', () => {
    assert.deepEqual(
      MET.filter(name => !met.has(name)),
      [],
      [...met].join(' '),
    )
  })
})
