import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { CliFailure } from '../../../cli/failure.ts'
import { confirm } from '../../../cli/operation/confirm.ts'
import { buildStateReport, formatEntities, formatState } from '../../../cli/state/text.ts'
import type { Named } from '../../../lib/app/names.ts'
import { resolveTopic, selectStateKeys } from '../../../lib/operations/state-keys.ts'
import type { PartitionState } from '../../../lib/queries/states/partition-states.ts'
import { NAMES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

const [PROD, TEST] = ['prod', 'test'].map(env => ({ env, names: NAMES })) as [Named, Named]
const TIMER = { entity: '/a pump-1', name: 'silence', due: '2026-03-01T12:00:00.000Z', firesAfterMs: 60_000 }
const FULL: PartitionState = {
  partition: 1,
  appliedOffset: 41,
  lag: 8,
  epoch: 2,
  asOf: '2026-03-01T12:00:00.000Z',
  logClockMs: 30_000,
  entities: 3,
  held: 0,
  parked: 0,
  timers: 4,
  nextTimer: TIMER,
  outbox: 2,
  oldestOutbox: '0.40.0',
  openFailures: 1,
  failures: [{ id: 'f1', offset: 17, attempt: 2, since: '2026-03-01T11:00:00Z' }],
  ids: 40,
  tally: { 'applied/counted': 40, 'failed/rejected': 2 },
}
const EMPTY: PartitionState = {
  partition: 0,
  appliedOffset: -1,
  lag: 4,
  epoch: 0,
  asOf: null,
  logClockMs: 0,
  entities: 0,
  held: 0,
  parked: 0,
  timers: 0,
  nextTimer: null,
  outbox: 0,
  oldestOutbox: null,
  openFailures: 0,
  ids: 0,
  tally: {},
}
const OF = { consumer: 'processor', topic: 'sluice.telemetry.readings.test' }
const REPORT = buildStateReport(OF, [], [EMPTY, FULL])

describe('which partition states are meant', () => {
  test('a signal is a topic of the environment, and any other name is whole', () => {
    assert.equal(resolveTopic({ topic: 'failures' }, PROD), 'sluice.telemetry.failures.prod')
    assert.equal(resolveTopic({ topic: 'orders' }, PROD), 'orders')
  })

  test('all partitions that Kafka reports, else those of the table', () => {
    const wanted = { consumer: 'processor', topic: 'readings' }
    assert.equal(selectStateKeys(wanted, TEST, 24).length, 24)
    assert.equal(selectStateKeys(wanted, TEST, undefined).length, 12)
    assert.deepEqual(selectStateKeys({ ...wanted, topic: 'orders', partition: 7 }, TEST, undefined), [
      { consumer: 'processor', topic: 'orders', partition: 7 },
    ])
  })

  test('a partition that does not exist, or an unknown topic, is wrong usage', () => {
    const wanted = { consumer: 'processor', topic: 'readings', partition: 12 }
    assert.throws(() => selectStateKeys(wanted, TEST, undefined), {
      isUsage: true,
      message: /12 partitions, from 0 to 11/,
    })
    assert.throws(() => selectStateKeys({ consumer: 'c', topic: 'orders' }, TEST, undefined), {
      isUsage: true,
      message: /select one with --partition/,
    })
  })
})

test('states and entities are printed as the golden text says', () => {
  const held = { failure: 'f1', parked: [18, 20], endsAfterMs: 60_000, timers: [TIMER] }
  golden('state', {
    'partitions, with what waits and what is open': formatState(REPORT),
    'held entities, without Kafka': formatState(
      buildStateReport(OF, new CliFailure('Kafka at k:1 does not answer: reason. Start it.'), [
        { ...FULL, lag: null, held: 2, parked: 14 },
      ]),
    ),
    'a held entity': formatEntities([{ partition: 1, entity: '/a pump-1', timers: [], held }]),
    'an entity': formatEntities([
      { partition: 1, entity: '/a pump-1', state: { count: 1 }, timers: [TIMER] },
    ]),
  })
})

describe('what cannot be taken back', () => {
  const asked = (answer: string, isSure = false, isTTY = true) => {
    const stdin = Object.assign(Readable.from([Buffer.from(answer)]), { isTTY })
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const stop = new AbortController().signal
    return confirm('Drop it?', isSure, { stdin, stdout, stderr, stop, environment: {}, folder: '.' })
  }

  test('happens after a yes, or where the caller is sure', async () => {
    for (const answer of ['y\n', 'Yes\n']) await asked(answer)
    await asked('', true, false)
  })

  test('does not after any other answer, nor without a terminal', async () => {
    for (const answer of ['n\n', '\n', 'yesterday\n', ''])
      await assert.rejects(asked(answer), { status: 1, message: 'Nothing was changed.' })
    await assert.rejects(asked('y\n', false, false), {
      isUsage: true,
      message: /there is no terminal .* --yes/,
    })
  })
})
