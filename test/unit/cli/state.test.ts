import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { confirm } from '../../../cli/operations.ts'
import { formatEntities } from '../../../cli/state/entity.ts'
import { resolveTopic, selectStateKeys } from '../../../control/operations/state-keys.ts'
import type { Named } from '../../../lib/app/naming/names.ts'
import { NAMES } from '../../support/families.ts'
import { golden } from '../../support/golden.ts'

const [PROD, TEST] = ['prod', 'test'].map(env => ({ env, names: NAMES })) as [Named, Named]
const TIMER = { entity: '/a pump-1', name: 'silence', due: '2026-03-01T12:00:00.000Z', firesAfterMs: 60_000 }
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

// Promise docs/state.md#inspect
test('entities are printed as the golden text says', () => {
  const held = { failure: 'f1', parked: [18, 20], endsAfterMs: 60_000, timers: [TIMER] }
  golden('state', {
    'a held entity': formatEntities([{ partition: 1, entity: '/a pump-1', timers: [], held }]),
    'an entity': formatEntities([
      { partition: 1, entity: '/a pump-1', state: { count: 1 }, timers: [TIMER] },
    ]),
  })
})

describe('what cannot be taken back', () => {
  const asked = (answer: string, isTTY = true) => {
    const stdin = Object.assign(Readable.from([Buffer.from(answer)]), { isTTY })
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const stop = new AbortController().signal
    return confirm('Drop it?', { stdin, stdout, stderr, stop, environment: {}, folder: '.' })
  }

  test('happens after a yes', async () => {
    for (const answer of ['y\n', 'Yes\n']) await asked(answer)
  })

  test('does not after any other answer, nor without a terminal', async () => {
    for (const answer of ['n\n', '\n', 'yesterday\n', ''])
      await assert.rejects(asked(answer), { status: 1, message: 'Nothing was changed.' })
    await assert.rejects(asked('y\n', false), {
      isUsage: true,
      message: /there is no terminal .* --yes/,
    })
  })
})
