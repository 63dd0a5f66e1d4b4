import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Application } from '../../../consumer/application.ts'
import { failure } from '../../../consumer/failure-codes.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import type { TopicName } from '../../../consumer/topic-name.ts'
import { logRecord } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

/** The types know the topics of Sluice alone. */
const named = (name: string) => name as TopicName

const PLACED = 'shop.order.placed'

/** A shop: nothing of it is Sluice's. */
const SHOP: Application = {
  name: 'shop',
  topics: {
    orders: { partitions: 1, keptDays: 1, maxMessageBytes: 2_000 },
    totals: { partitions: 1, keptDays: 1, maxMessageBytes: 1_000 },
    broken: { partitions: 1, keptDays: 1, maxMessageBytes: 10_000 },
  },
  kafkaTopic: (name, env) => `${env}-shop-${name}`,
  topicNamed: name => SHOP.topics[name.split('-')[2] ?? ''],
  failuresTopic: named('broken'),
  deadLettersTopic: named('broken'),
  failureEvent: { type: 'shop.failed', dataschema: 'https://shop.example/failed.json' },
  tickType: 'shop.tick',
  ignoredTypes: new Map([['shop.holiday', 'holiday']]),
  readData({ data }) {
    const { cents } = data as { cents?: unknown }
    return typeof cents === 'number'
      ? { kind: 'data', data: { euros: cents / 100 } }
      : failure('schema-violated', 'cents is missing')
  },
}

function totals(to: string, text = ''): KeyedProcess<number, { euros: number }> {
  return {
    name: 'totals',
    accepts: [PLACED],
    onEvent(before = 0, { data, entity }) {
      const total = before + (data?.euros ?? 0)
      const emission = { name: 'total', to: named(to), key: entity, type: 'shop.total', source: '/totals' }
      return completeStep('added', total, [{ ...emission, data: { total, text } }])
    },
  }
}

function shop(to = 'totals', text = ''): Stage {
  const stage = new Stage(totals(to, text) as KeyedProcess<never>)
  stage.consumer = { ...stage.consumer, application: SHOP, failuresTo: SHOP.failuresTopic, env: 'eu' }
  return stage
}

const event = (id: string, data: unknown, type = PLACED) => ({
  id,
  source: '/customers',
  subject: 'c-1',
  type,
  data,
})
const record = (offset: number, ...given: Parameters<typeof event>) =>
  logRecord(offset, event(...given), { topic: 'eu-shop-orders' })

describe('given another application than Sluice', () => {
  it('when an event comes, then the application reads its data, and emissions go to its topics', async () => {
    const stage = shop()
    await stage.batch([record(0, 'a', { cents: 250 }), record(1, 'b', { cents: 100 })])
    assert.deepEqual(
      stage.publisher.publishedRecords.map(({ topic }) => topic),
      ['eu-shop-totals', 'eu-shop-totals'],
    )
    assert.deepEqual(
      stage.events.map(({ data }) => (data as { total: number }).total),
      [2.5, 3.5],
    )
  })

  it('when events are of its ignored types, then each is acknowledged under its own reason', async () => {
    const stage = shop()
    const types = ['shop.tick', 'shop.holiday', 'shop.other', 'constructor']
    await stage.batch(types.map((type, offset) => record(offset, type, { cents: 0 }, type)))
    assert.deepEqual(stage.outcomes, [
      'ignored/tick',
      'ignored/holiday',
      'ignored/not-mine',
      'ignored/not-mine',
    ])
  })

  it('when data cannot be read, then a failure of its own type goes to its failures topic', async () => {
    const stage = shop()
    await stage.batch([record(0, 'a', { euros: 1 })])
    assert.deepEqual(stage.outcomes, ['failed/schema-violated'])
    assert.equal(stage.publisher.publishedRecords[0]?.topic, 'eu-shop-broken')
    const [told] = stage.events
    assert.equal(told?.type, 'shop.failed')
    assert.equal(told?.dataschema, 'https://shop.example/failed.json')
  })
})
