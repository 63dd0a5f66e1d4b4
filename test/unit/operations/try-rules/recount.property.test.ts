import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type AnyKeyedProcess, CONSUMER_DEFAULTS } from '#runtime/pipeline/consumer.ts'
import { decodeRecords, Recount } from '#runtime/pipeline/recount.ts'
import type { Alert } from '../../../../lib/alerting/alert.ts'
import { alerting } from '../../../../lib/alerting/process.ts'
import { alertingLog, EVERY_KIND, publishedAlerts } from '../../../support/alerting-log.ts'
import { APPLICATION, FAMILIES } from '../../../support/families.ts'
import { Random } from '../../../support/random.ts'
import { seeds } from '../../../support/sampled.ts'

const SEEDS = seeds(60)
const SETTINGS = {
  env: 'test',
  idWindowMs: 900_000,
  futureToleranceMs: 300_000,
  newEntities: Number.MAX_SAFE_INTEGER,
}
const CONSUMER = {
  ...{ ...CONSUMER_DEFAULTS, ...SETTINGS, application: APPLICATION, failuresTo: APPLICATION.failuresTopic },
  process: alerting(FAMILIES, EVERY_KIND) as unknown as AnyKeyedProcess,
}

/** Situations that the logs must have met, for the promise to be about them. */
const MET = [
  ...['fired', 'resolved', 'late', 'relapsed', 'erased', 'rules-unchanged'].map(one => `applied/${one}`),
  ...['id-known', 'failure-not-open'].map(one => `duplicate/${one}`),
  ...['schema-violated', 'time-in-future', 'id-conflict', 'not-a-cloudevent', 'attributes-too-large'].map(
    one => `failed/${one}`,
  ),
  ...['fired', 'no-data', 'pipeline-down', 'fired-by-silence'].map(one => `timer/${one}`),
]

describe('a recount of one partition', () => {
  const met = new Set<string>()

  it(`given ${SEEDS} random logs, then it decides and emits what the consumer does, in any chunks`, async () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const random = new Random(seed)
      const log = alertingLog(random, random.between(50, 400), EVERY_KIND)
      const expected = await publishedAlerts(log, EVERY_KIND, { ...SETTINGS, batch: random.between(1, 150) })
      const recount = new Recount(CONSUMER)
      const outcomes: string[] = []
      const alerts: Alert[] = []
      for (let start = 0; start < log.length; ) {
        const end = start + random.between(1, 150)
        for (const one of recount.decide(await decodeRecords(log.slice(start, end), CONSUMER))) {
          outcomes.push(`${one.outcome}/${one.reason}`)
          for (const { to, event } of one.emitted ?? []) if (to === 'alerts') alerts.push(event.data as Alert)
        }
        start = end
      }
      assert.deepEqual(alerts, expected.alerts, `seed ${seed}`)
      assert.deepEqual(outcomes, expected.outcomes, `seed ${seed}`)
      for (const outcome of outcomes) met.add(outcome)
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
