import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, mock } from 'node:test'
import { AlertCounter } from '../../../cli/consume/alert-counter.ts'
import { Batches } from '../../../cli/consume/batches.ts'
import { functionOfGroup } from '../../../cli/consume/index.ts'
import { Processing } from '../../../cli/consume/processing.ts'
import { readRules } from '../../../lib/alerting/rule-files.ts'
import { declaredFunctions } from '../../../lib/app/functions.ts'
import { FAMILIES } from '../../../lib/telemetry/families.ts'
import { reading } from '../../../lib/telemetry/reading.ts'
import type { LogRecord } from '../../../packages/runtime/cloudevents/record.ts'
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { logRecord } from '../../../packages/runtime/testing/records.ts'
import { PROJECT } from '../../support/program.ts'

const WEATHER = join(PROJECT, 'config/rules', 'weather.yaml')
const RULES = readRules([{ where: 'weather.yaml', text: readFileSync(WEATHER, 'utf8') }])

const AT = { topic: 'readings', partition: 0, timestampMs: 0 }

function measured(offset: number, values: object, minute = offset): LogRecord {
  const location = { site: 'vienna', latitude: 48.2, longitude: 16.4 }
  const time = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString()
  const event = reading(FAMILIES.environment, `id-${offset}`, time, { sensorId: 's', location, ...values })
  return logRecord(offset, event, AT)
}

describe('given records and rules, when alerts are counted', () => {
  const fired = (records: readonly LogRecord[]) => {
    const counter = new AlertCounter(RULES)
    return records.map(record => counter.firings(record).map(({ rule }) => rule))
  }

  it('then a record that fires an alert counts, and not those during which it keeps firing', () => {
    const windy = [10, 60, 70, 10, 80].map((windSpeed, at) => measured(at, { windSpeed }, at * 60))
    assert.deepEqual(fired(windy), [[], ['HIGH_WIND'], [], [], ['HIGH_WIND']])
  })

  it('then a repeat, what is late and what no consumer would take count for nothing', () => {
    const first = measured(0, { windSpeed: 60 })
    assert.deepEqual(fired([first, first, measured(1, { windSpeed: 99 }, -5)]), [['HIGH_WIND'], [], []])
    const wrong: LogRecord[] = [
      measured(0, { windSpeed: 'a storm' }),
      logRecord(1, { ...(event(first) as Event), type: 'io.example.other' }, AT),
      { ...first, headers: [], value: Buffer.from('not an event') },
    ]
    assert.deepEqual(fired(wrong), [[], [], []])
  })

  function event({ headers, value }: LogRecord): unknown {
    const of = (name: string) => headers.find(([header]) => header === `ce_${name}`)?.[1]?.toString()
    return { id: of('id'), source: of('source'), data: JSON.parse(String(value)) }
  }
})

describe('given records that come one by one, when they are gathered', () => {
  it('then a hundred are a batch, and the rest are one after 5.0 s', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const sizes: number[] = []
      const batches = new Batches<number>(
        async batch => {
          sizes.push(batch.length)
        },
        error => assert.ifError(error),
      )
      await batches.add(Array.from({ length: 250 }, (_, at) => at))
      assert.deepEqual(sizes, [100, 100])
      mock.timers.tick(4_999)
      await batches.add([1])
      assert.deepEqual(sizes, [100, 100])
      mock.timers.tick(1)
      await batches.flush()
      assert.deepEqual(sizes, [100, 100, 51])
      mock.timers.tick(10_000)
      await batches.flush()
      assert.deepEqual(sizes, [100, 100, 51])
    } finally {
      mock.timers.reset()
    }
  })
})

describe('given the records of a group, when they are processed', () => {
  const taken = (offset: number, partition = 0) => {
    return { record: { ...measured(offset, { windSpeed: 1 }), partition }, next: offset + 1 }
  }
  const processingOf = (options: { inBatches?: boolean; count?: number } = {}) => {
    const shown: number[] = []
    const processing = new Processing({
      output: {
        show: async records => {
          shown.push(...records.map(({ offset }) => offset))
        },
      },
      inBatches: false,
      count: Number.POSITIVE_INFINITY,
      processed: async () => {},
      ...options,
    })
    const committed = async () => {
      let offsets: [number, number][] = []
      await processing.commitBy(async all => {
        offsets = [...all]
      })
      return offsets
    }
    return { processing, shown, committed }
  }

  it('then what is committed is where the processed ones end, each once', async () => {
    const { processing, committed } = processingOf()
    await processing.add([taken(4), taken(5), taken(7, 1)])
    assert.deepEqual(await committed(), [
      [0, 6],
      [1, 8],
    ])
    assert.deepEqual(await committed(), [])
  })

  it('then offsets whose commit failed are committed with the next ones', async () => {
    const { processing, committed } = processingOf()
    await processing.add([taken(4)])
    const away = processing.commitBy(() => Promise.reject(new Error('away')))
    await assert.rejects(away, /away/)
    assert.deepEqual(await committed(), [[0, 5]])
  })

  it('then what waits in a batch is not committed, and lost partitions are forgotten', async () => {
    const { processing, shown, committed } = processingOf({ inBatches: true })
    await processing.add([taken(1, 0), taken(1, 1)])
    assert.deepEqual(await committed(), [])
    processing.keepPartitions([1])
    await processing.close()
    assert.deepEqual([shown, await committed()], [[1], [[1, 2]]])
  })

  it('then no more are processed than were asked for, nor once it is closed', async () => {
    const few = processingOf({ inBatches: true, count: 2 })
    await few.processing.add([taken(1), taken(2), taken(3)])
    await few.processing.ended
    assert.deepEqual([few.shown, few.processing.isFull], [[1, 2], true])
    const closed = processingOf()
    await closed.processing.close()
    await closed.processing.add([taken(1)])
    assert.deepEqual(closed.shown, [])
  })
})

describe('given a consumer group', () => {
  it('then those of functions are known in any environment, and others are not', () => {
    const functions = declaredFunctions({
      alerting: { consumes: 'readings' },
      'open-dead-letters': { consumes: 'dlq' },
    })
    assert.equal(functionOfGroup('sluice-alerting-local', functions), 'alerting')
    assert.equal(functionOfGroup('sluice-open-dead-letters-prod-2', functions), 'open-dead-letters')
    for (const other of ['alerting', 'sluice-alerting', 'sluice-alerting-', 'my-sluice-alerting-local'])
      assert.equal(functionOfGroup(other, functions), undefined, other)
  })
})
