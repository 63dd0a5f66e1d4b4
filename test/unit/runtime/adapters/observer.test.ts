import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { LambdaObserver } from '../../../../lib/runtime/adapters/lambda/observer.ts'
import { FAILURES, type FailureCode, failure } from '../../../../lib/runtime/consumer/failure-codes.ts'
import type { Key } from '../../../../lib/runtime/consumer/process.ts'
import {
  type Decided,
  decided,
  type KeyedProcess,
  rejected,
} from '../../../../lib/runtime/consumer/process.ts'
import { retry } from '../../../../lib/runtime/consumer/sink.ts'
import { Unavailable, UnreadableLog } from '../../../../lib/runtime/pipeline/errors.ts'
import type { Decision, OutboxEntry, StateKey } from '../../../../lib/runtime/pipeline/model.ts'
import type { DeferredReason } from '../../../../lib/runtime/pipeline/reasons.ts'
import { READING_TYPES } from '../../../../lib/telemetry/families.ts'
import { tick } from '../../../../lib/telemetry/tick.ts'
import { logOf, metricsIn } from '../../../support/function-log.ts'
import { PROJECT } from '../../../support/program.ts'
import { environmentReading as reading, logRecord as record, TOPIC } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const STATE_KEY: StateKey = { consumer: 'tested', topic: TOPIC, partition: 3 }
/** A sensor whose key Kafka puts into partition 0, where the records of these tests are. */
const HERE = { sensor: 's-6' }
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACED = { extensions: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } }

const HOLDS: Decision = {
  offset: 1,
  appendMs: 0,
  outcome: 'failed',
  reason: 'unexpected-error',
  failure: failure('unexpected-error', 'x'),
  hold: 'begins',
}
const GIVES_UP: Decision = { offset: 1, appendMs: 0, outcome: 'timer', reason: 'parking-time', hold: 'time' }

/** What the pipeline can report, and how it is counted. */
const EVENTS: [report: string, tell: (observer: LambdaObserver) => void, metric: string, count: number][] = [
  [
    'records at or below the applied offset',
    o => o.redelivered(STATE_KEY, 7),
    'redelivered at-or-below-applied-offset',
    7,
  ],
  [
    'a partition that waits',
    o => o.waiting(STATE_KEY, { fromOffset: 1, appendMs: 0, reason: 'contended' }),
    'deferred contended',
    1,
  ],
  ['a failure surge', o => o.breakerOpen(STATE_KEY, 0), 'breaker-open surge', 1],
  [
    'offsets that nobody delivered',
    o => o.rangeReadBack(STATE_KEY, { fromOffset: 10, toOffset: 19 }),
    'range-read-back never-delivered',
    10,
  ],
  [
    'offsets that are gone',
    o => o.expired(STATE_KEY, { fromOffset: 10, toOffset: 12 }),
    'expired not-in-the-log',
    3,
  ],
  [
    'a receiver that says later',
    o => o.tried(STATE_KEY, { attempt: 1, of: 3, records: 4, offset: 5, cause: { safeMessage: undefined } }),
    'offer-failed not-accepted',
    4,
  ],
  ['dead letters', o => o.deadLettersSent(STATE_KEY, [letter('k'), letter('k')]), 'dead-letters sent', 2],
  ['keys elsewhere', o => o.misrouted(STATE_KEY, 5, 3), 'misrouted another-partitioner', 3],
  ['times of producers', o => o.timedByProducers(STATE_KEY, 5), 'timed-by-producers create-time', 1],
  ['a silent log', o => o.clockGap(STATE_KEY, 5, 600_000), 'clock-gap no-records', 1],
  [
    'a store without an applied offset',
    o => o.startsWithoutAppliedOffset(STATE_KEY, 5),
    'no-applied-offset starts-anew',
    1,
  ],
  [
    'an outbox that was not trimmed',
    o => o.outboxNotTrimmed(STATE_KEY, 2, new Error('away')),
    'outbox-not-trimmed trim-failed',
    2,
  ],
  ['spans that nobody has', o => o.spansDropped(4, 'no-answer'), 'spans-dropped no-answer', 4],
  [
    'a timer',
    o => o.decided(STATE_KEY, [{ offset: 1, appendMs: 0, outcome: 'timer', reason: 'silent' }]),
    'timer silent',
    1,
  ],
  ['an entity that is held', o => o.decided(STATE_KEY, [HOLDS]), 'held unexpected-error', 1],
  ['an entity whose order is given up', o => o.decided(STATE_KEY, [GIVES_UP]), 'released time', 1],
  [
    'a parked record that is applied',
    o => o.decided(STATE_KEY, [{ offset: 1, appendMs: 0, outcome: 'parked-applied', reason: 'counted' }]),
    'parked-applied counted',
    1,
  ],
]

function letter(key: Key): OutboxEntry {
  const event = { id: 'l', source: '/consumers/a', type: 'dead', data: 'SECRET' }
  return { position: '0.1.1', to: 'dlq', key, event }
}

describe('what a function writes to its log', () => {
  it('given many records that fail alike, then one line tells of them, with the first one and the count', async () => {
    const log = await logOf(async observer => {
      const poison = Array.from({ length: 50 }, (_, offset) =>
        record(offset, { value: Buffer.from('SECRET') }),
      )
      await new Stage(undefined, { observer }).batch(poison)
    })
    const warnings = log.filter(line => line.level === 'WARN')
    assert.equal(warnings.length, 1)
    assert.deepEqual(
      [warnings[0]?.code, warnings[0]?.offset, warnings[0]?.records],
      ['not-a-cloudevent', 0, 50],
    )
  })

  it('given an outage of minutes, then one line tells of it for all partitions of the batch', async () => {
    const log = await logOf(observer => {
      for (let partition = 0; partition < 12; partition += 1) {
        observer.clockGap({ ...STATE_KEY, partition }, 5, 300_000 + partition)
        observer.startsWithoutAppliedOffset({ ...STATE_KEY, partition }, partition)
      }
    })
    const warnings = log.filter(({ level }) => level === 'WARN')
    assert.deepEqual(
      warnings.map(({ kind, partitions, ms, topic }) => ({ kind, partitions, ms, topic })),
      [
        { kind: 'clock-gap', partitions: 12, ms: 300_011, topic: TOPIC },
        { kind: 'no-applied-offset', partitions: 12, ms: undefined, topic: TOPIC },
      ],
    )
    assert.deepEqual(Object.keys(warnings[1]?.fromOffsets ?? {}).length, 12)
  })

  it('given DEBUG, then each decision is a line that names what was decided, and why', async () => {
    const log = await logOf(
      observer =>
        new Stage(undefined, { observer })
          .batch([record(0, reading('a', TRACED)), record(1, reading('a', TRACED)), record(2, {})])
          .then(() => {}),
      { level: 'DEBUG' },
    )
    const named = { consumer: 'counting', topic: TOPIC, partition: 0, service: 'tested' }
    const event = {
      eventId: 'a',
      eventSource: '/environment/test-site',
      entity: '/environment/test-site s-1',
      traceId: TRACE,
    }
    assert.deepEqual(
      log
        .filter(({ message }) => message === 'decided')
        .map(({ level, timestamp, sampling_rate, message, ...said }) => said),
      [
        { ...named, offset: 0, outcome: 'applied', reason: 'counted', ...event },
        { ...named, offset: 1, outcome: 'duplicate', reason: 'id-known', ...event },
        { ...named, offset: 2, outcome: 'failed', reason: 'not-a-cloudevent' },
      ],
    )
  })

  it('given INFO, then a batch is one line, however many records it has', async () => {
    let now = 1_000
    const log = await logOf(
      async observer => {
        const stage = new Stage(undefined, { observer })
        await stage.batch(
          Array.from({ length: 30 }, (_, offset) => record(offset, reading(`${offset}`, HERE))),
        )
        now += 25
      },
      { now: () => now },
    )
    const lines = log.filter(line => !('_aws' in line))
    assert.equal(lines.length, 1)
    const { level, message, records, counts, ms } = lines[0] ?? {}
    assert.deepEqual(
      { level, message, records, counts, ms },
      { level: 'INFO', message: 'batch', records: 30, counts: { 'applied/counted': 30 }, ms: 25 },
    )
  })

  it('given metrics that cannot be written, then the batch goes on, and a line says so', async () => {
    const log = await logOf(observer => observer.took('load', 'no number' as never))
    const told = log.filter(({ level }) => level === 'ERROR').map(({ message }) => message)
    assert.deepEqual(told, ['the metrics of an invocation cannot be written'])
  })

  it('given tries that failed, then a line counts them, and says what may be said', async () => {
    const tried = { of: 3, records: 2, offset: 5 }
    const timeout = Object.assign(new Error('SECRET took long'), { code: 'ETIMEDOUT' })
    const log = await logOf(observer => {
      observer.tried(STATE_KEY, { ...tried, attempt: 1, cause: { safeMessage: 'status 503' } })
      observer.tried(STATE_KEY, { ...tried, attempt: 1, cause: { safeMessage: 'status 503' } })
      observer.tried(STATE_KEY, { ...tried, attempt: 2, cause: { safeMessage: undefined } })
      observer.tried(STATE_KEY, { ...tried, attempt: 3, cause: { error: timeout } })
      observer.tried(STATE_KEY, { ...tried, attempt: 2, cause: { error: 'SECRET' } })
    })
    assert.deepEqual(
      log.filter(({ kind }) => kind === 'retry').map(({ level, message }) => [level, message]),
      [
        ['WARN', 'Retry 1/3: status 503'],
        // Each is told, however soon after another one: waits lie between the tries of a partition.
        ['WARN', 'Retry 1/3: status 503'],
        ['WARN', 'Retry 2/3: not-accepted'],
        ['WARN', 'Retry 3/3: Error ETIMEDOUT'],
        ['WARN', 'Retry 2/3: threw'],
      ],
    )
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
  })

  it('given a receiver that takes nothing, then a partition has three lines, however many its records', async () => {
    const sink = { name: 'bell', accepts: READING_TYPES, deliver: async () => [retry('busy')] }
    const log = await logOf(async observer => {
      const batch = [0, 1].flatMap(partition =>
        Array.from({ length: 50 }, (_, offset) =>
          record(offset, reading(`${partition}-${offset}`), { partition }),
        ),
      )
      await new Stage(sink, { observer }).batch(batch)
    })
    const lines = log.filter(({ kind }) => kind === 'retry')
    assert.deepEqual(lines.map(({ partition, attempt }) => `${partition}: ${attempt}`).sort(), [
      '0: 1',
      '0: 2',
      '0: 3',
      '1: 1',
      '1: 2',
      '1: 3',
    ])
  })

  it('given dead letters, then a line names each key, of many only the first ones, and none of the data', async () => {
    const odd = [null, { base64: Buffer.from('a\u0007').toString('base64') }, { base64: '/w==' }, 'hall-ü']
    const log = await logOf(observer => {
      observer.deadLettersSent(STATE_KEY, odd.map(letter))
      observer.deadLettersSent(
        STATE_KEY,
        Array.from({ length: 100 }, (_, index) => letter(`k${index % 50}`)),
      )
    })
    const lines = log.filter(({ kind }) => kind === 'dead-letter')
    assert.deepEqual(
      lines.slice(0, 5).map(({ message, records, keys }) => [message, records, keys]),
      [
        ['Sent to DLQ: no key', 1, undefined],
        ['Sent to DLQ: base64 YQc=', 1, undefined],
        ['Sent to DLQ: base64 /w==', 1, undefined],
        ['Sent to DLQ: hall-ü', 1, undefined],
        ['Sent to DLQ: k0', 2, 50],
      ],
    )
    assert.equal(lines.length, 14)
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
  })

  it('given an invocation in which nothing happened, then it has no line', async () => {
    const log = await logOf(() => {})
    assert.deepEqual(
      log.filter(line => !('_aws' in line)),
      [],
    )
  })

  for (const level of ['DEBUG', 'INFO', 'WARN'] as const)
    it(`given payloads, states, headers and errors that quote them, then none of it is logged at ${level}`, async () => {
      const quotes = 'cannot take SECRET\n    at SECRET (/SECRET.ts:1:1)\n    at SECRET'
      const talkative = {
        name: 'talkative',
        accepts: READING_TYPES,
        onEvent: (_: unknown, { id, timeMs }: { id: string; timeMs: number }): unknown => {
          if (id === 'throws') throw new Error(quotes)
          if (id === 'refused') return rejected('SECRET is not wanted')
          return decided('kept', { note: 'SECRET' }, [], [{ name: 'later', dueMs: timeMs + 1_000 }])
        },
        onTimer: (): Decided<unknown> => {
          throw new TypeError(quotes)
        },
      }
      const secret = { data: { SECRET: 'SECRET' } }
      const log = await logOf(
        async observer => {
          const stage = new Stage(talkative as never, { observer })
          await stage.batch([
            record(0, reading('kept')),
            record(1, reading('throws', { at: 5 })),
            record(2, reading('refused')),
            record(3, { value: Buffer.from('SECRET') }),
            record(4, { value: Buffer.from('SECRET'), headers: [['ce_specversion', Buffer.from('SECRET')]] }),
            record(5, reading('invalid', secret)),
            record(6, reading('kept', { temperature: 99 })),
            record(7, { headers: [['content-type', Buffer.from('application/SECRET; charset=SECRET')]] }),
            record(8, {
              value: Buffer.from('{"SECRET":'),
              headers: [['content-type', Buffer.from('application/cloudevents+json')]],
            }),
          ])
          const store = new Stage(undefined, { observer })
          const failing = (error: Error) => ({
            ...store.ports,
            observer,
            store: { ...store.store, load: () => Promise.reject(error), commit: fails, trimOutbox: fails },
          })
          const fails = () => Promise.reject(new Error('SECRET'))
          const bad = [record(0, reading('x'))]
          await store.batch(bad, { ports: failing(Object.assign(new Error(quotes), { value: 'SECRET' })) })
          const reply = 'ERR unknown command, with args beginning with: SECRET'
          await store.batch(bad, { ports: failing(new Unavailable('store-unavailable', reply)) })
          await store.batch(bad, {
            ports: failing(new Unavailable('store-unavailable', 'away', { cause: new Error(quotes) })),
          })
          observer.outboxNotTrimmed(
            STATE_KEY,
            1,
            new Error(quotes, { cause: Object.assign(new Error(quotes), { code: quotes }) }),
          )
          for (const code of [
            'not-accepted',
            'rejected',
            'unexpected-error',
            'timer-failed',
            'timer-rejected',
          ] as const)
            observer.decided(STATE_KEY, [
              { offset: 1, appendMs: 0, outcome: 'failed', reason: code, failure: failure(code, 'SECRET') },
            ])
        },
        { level },
      )
      assert.doesNotMatch(JSON.stringify(log), /SECRET/)
      assert.deepEqual(
        log.flatMap(({ code, level }) => (level === 'WARN' && code ? [code] : [])).sort(),
        [
          'id-conflict',
          'malformed-event',
          'not-a-cloudevent',
          'not-accepted',
          'rejected',
          'schema-violated',
          'timer-failed',
          'timer-rejected',
          'unexpected-error',
        ],
        'each failure has told of itself',
      )
      assert.match(
        String(log.find(line => line.code === 'unexpected-error')?.place),
        /^at .*observer\.test\.ts/,
      )
    })
})

describe('what the log says of a consumer that is wrong', () => {
  it('given a known error of the consumer, then the message is ours, without text of the error', async () => {
    const said = {
      ...failure('unexpected-error', 'the consumer was wrong: SECRET'),
      safeMessage: 'the consumer was wrong',
    }
    const log = await logOf(observer =>
      observer.decided(STATE_KEY, [
        { offset: 1, appendMs: 0, outcome: 'failed', reason: 'unexpected-error', failure: said },
      ]),
    )
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
    assert.equal(log.find(line => line.code === 'unexpected-error')?.failure, 'the consumer was wrong')
  })
})

describe('what the log says of the memory for failures', () => {
  it('given one that is nearly full, and then overflows, then there is one line of each, with figures', async () => {
    const log = await logOf(observer => {
      for (const bytes of [80, 81, 82]) observer.failureMemory(STATE_KEY, { bytes, forgotten: 0 }, 100)
      for (const forgotten of [7, 8]) observer.failureMemory(STATE_KEY, { bytes: 99, forgotten }, 100)
    })
    const told = log
      .filter(({ kind }) => String(kind).startsWith('failure'))
      .map(({ level, kind, bytes, limit, forgotten }) => [level, kind, bytes, limit, forgotten])
    assert.deepEqual(told, [
      ['WARN', 'failure-memory-nearly-full', 80, 100, undefined],
      ['ERROR', 'failures-forgotten', 99, 100, 7],
    ])
    const { counts } = log.find(({ message }) => message === 'batch') as { counts: Record<string, number> }
    assert.deepEqual(counts, { 'failure-memory/nearly-full': 5, 'failure-memory/forgotten': 15 })
  })
})

describe('what the log says of a partition that waits', () => {
  const waitingFor = async (error: Error, reason: DeferredReason = 'unexpected-error') => {
    const log = await logOf(observer =>
      observer.waiting(STATE_KEY, { fromOffset: 7, appendMs: 0, reason, error }),
    )
    const { level, error: said, place, causes } = log.find(line => 'fromOffset' in line) ?? {}
    return { level, said, place, causes }
  }

  it('given a bug, then its kind, its place, and what it was made from are told', async () => {
    const bug = new TypeError('SECRET')
    const { level, said, place, causes } = await waitingFor(new Error('SECRET', { cause: bug }))
    assert.deepEqual([level, said, causes], ['ERROR', 'Error', ['TypeError']])
    assert.match(String((place as string[])[0]), /observer\.test\.ts/)
  })

  it('given that Kafka is away, then the message is told, and by which error that is known', async () => {
    const refused = Object.assign(new Error('refused'), {
      name: 'KafkaJSConnectionError',
      code: 'ECONNREFUSED',
    })
    const retried = Object.assign(new Error('in vain', { cause: refused }), {
      name: 'KafkaJSNumberOfRetriesExceeded',
    })
    const error = new Unavailable('broker-unavailable', 'Kafka cannot be read', { cause: retried })
    const { said, causes } = await waitingFor(error, 'broker-unavailable')
    assert.equal(said, 'Kafka cannot be read')
    assert.deepEqual(causes, ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSConnectionError ECONNREFUSED'])
  })

  it('given a log that cannot be read, then the message is told: it says where and what to do', async () => {
    const error = new UnreadableLog('t/3 cannot be read from offset 7 on', { cause: new Error('SECRET') })
    const { level, said, causes } = await waitingFor(error, 'log-unreadable')
    assert.deepEqual([level, said, causes], ['ERROR', 't/3 cannot be read from offset 7 on', ['Error']])
  })
})

describe('what a function counts and measures', () => {
  it('given any outcome, then it is counted once for each reason, and for the function as a whole', async () => {
    const log = await logOf(async observer => {
      const stage = new Stage(undefined, { observer })
      await stage.batch([
        record(0, reading('a', HERE)),
        record(1, reading('a', HERE)),
        record(0, reading('b', { sensor: 's-31' }), { partition: 1 }),
      ])
    })
    const counted = [...metricsIn(log)].filter(([, { unit }]) => unit === 'Count')
    assert.deepEqual(counted, [
      ['applied counted', count(2, 'counted')],
      ['duplicate id-known', count(1, 'id-known')],
    ])
  })

  for (const [report, tell, metric, expected] of EVENTS)
    it(`given ${report}, then it is counted as ${metric.split(' ')[0]}`, async () => {
      const found = metricsIn(await logOf(tell)).get(metric)
      assert.deepEqual(found, count(expected, metric.split(' ')[1] as string))
    })

  for (const code of Object.keys(FAILURES) as FailureCode[])
    it(`given a failure ${code}, then it is counted as failed, by its code`, async () => {
      const failed = {
        offset: 1,
        appendMs: 0,
        outcome: 'failed',
        reason: code,
        failure: failure(code, 'x'),
      } as const
      const log = await logOf(observer => observer.decided(STATE_KEY, [failed, failed]))
      assert.deepEqual(metricsIn(log).get(`failed ${code}`), count(2, code))
    })

  it('given records, then the time from append to decision is measured, by reason', async () => {
    const log = await logOf(
      observer =>
        observer.decided(STATE_KEY, [
          { offset: 1, appendMs: 400, outcome: 'applied', reason: 'counted' },
          { offset: 2, appendMs: 900, outcome: 'timer', reason: 'silent' },
          { offset: 2, appendMs: 900, outcome: 'applied', reason: 'counted' },
          { offset: 3, appendMs: 1_050, outcome: 'ignored', reason: 'not-mine' },
        ]),
      { now: () => 1_000 },
    )
    const metrics = metricsIn(log)
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
    const log = await logOf(
      observer =>
        observer.decided(
          STATE_KEY,
          shuffled.map((ms, offset) => ({ offset, appendMs: -ms, outcome: 'applied', reason: 'counted' })),
        ),
      { now: () => 0 },
    )
    const { values = [] } = metricsIn(log).get('latencyMs counted') ?? {}
    assert.equal(values.length, 99)
    for (const percentile of [0, 10, 50, 90, 99, 100])
      assert.ok(
        Math.abs((values[Math.round((98 * percentile) / 100)] as number) - 4_999 * (percentile / 100)) < 30,
        `p${percentile}`,
      )
  })

  it('given calls to Redis and Kafka, then how long each took is measured for the function', async () => {
    let now = 0
    const log = await logOf(
      observer => {
        for (const ms of [3, 5]) observer.took('load', ms)
        observer.took('publish', 12)
        now = 40
      },
      { now: () => now },
    )
    const times = [...metricsIn(log)].map(([name, { values, dimensions }]) => [name, values, dimensions])
    assert.deepEqual(times, [
      ['loadMs', [3, 5], ['service=tested']],
      ['publishMs', [12], ['service=tested']],
      ['invocationMs', [40], ['service=tested']],
    ])
  })
})

describe('the lag', () => {
  const NOW = Date.parse('2026-03-01T14:00:00Z')
  const before = (seconds: number, partition = 0) => ({ timestampMs: NOW - seconds * 1_000, partition })
  const aTick = (offset: number, seconds: number, partition = 0) =>
    record(offset, tick(partition, '2026-03-01T13:00:00Z'), before(seconds, partition))

  async function lagOf(work: (stage: Stage) => Promise<unknown>): Promise<readonly number[] | undefined> {
    const log = await logOf(
      async observer => {
        await work(new Stage(undefined, { observer }))
      },
      { now: () => NOW },
    )
    return metricsIn(log).get('lagSeconds')?.values
  }

  it('is the age of the last tick that was decided', async () => {
    const records = [aTick(0, 95), aTick(1, 35), record(2, reading('a'), before(5))]
    assert.deepEqual(await lagOf(stage => stage.batch(records)), [35])
  })

  it('is the age of the last record where no tick came', async () => {
    const records = [record(0, reading('a'), before(9)), record(1, reading('b'), before(4))]
    assert.deepEqual(await lagOf(stage => stage.batch(records)), [4])
  })

  it('is that of the partition that is farthest behind', async () => {
    const records = [aTick(0, 10), aTick(0, 700, 1), record(0, reading('a'), before(1, 2))]
    assert.deepEqual(await lagOf(stage => stage.batch(records)), [700])
  })

  it('is the age of the first record that waits, where a partition waits', async () => {
    const records = [aTick(0, 300), record(1, reading('a'), before(200))]
    const late = { remainingMs: () => 0 }
    assert.deepEqual(await lagOf(stage => stage.batch(records, late)), [300])
  })

  it('is none where nothing was decided', async () => {
    assert.equal(await lagOf(async () => {}), undefined)
  })
})

const OUTCOMES = [
  ...(['applied', 'duplicate', 'ignored', 'failed', 'parked'] as const),
  ...(['parked-applied', 'parked-ignored', 'parked-failed', 'parked-erased'] as const),
]

describe('the page that lists what a function tells of itself', () => {
  it('has every line and every metric', async () => {
    const page = await readFile(join(PROJECT, 'docs', 'observability.md'), 'utf8')
    const log = await logOf(
      async observer => {
        for (const [, tell] of EVENTS) tell(observer)
        for (const step of ['load', 'commit', 'trimOutbox', 'publish', 'read'] as const)
          observer.took(step, 1)
        for (const outcome of OUTCOMES) {
          const failed = outcome.endsWith('failed') ? { failure: failure('rejected', 'x') } : {}
          observer.decided(STATE_KEY, [{ offset: 1, appendMs: 0, outcome, reason: 'any', ...failed }])
        }
      },
      { level: 'DEBUG' },
    )
    const lines = new Set(log.flatMap(({ message }) => (message === undefined ? [] : [String(message)])))
    const metrics = new Set([...metricsIn(log).keys()].map(name => name.split(' ')[0] as string))
    assert.ok(lines.size > 10 && metrics.size > 15, 'something was told')
    assert.deepEqual(
      // The rest of these two depends on the receiver and the record.
      [...lines, ...metrics].filter(
        told =>
          !page.includes(
            `\`${told.replace(/^(Retry ...: ).*/, '$1…').replace(/^(Sent to DLQ: ).*/, '$1KEY')}\``,
          ),
      ),
      [],
    )
  })

  it('given what a consumer says of a timer, or a sink of an event, then none of it is in the log', async () => {
    const said = retry('SECRET is busy')
    const sink = { name: 'bell', accepts: READING_TYPES, deliver: async () => [said] }
    const alarmed: KeyedProcess<{ at: number }> = {
      name: 'alarmed',
      accepts: READING_TYPES,
      onEvent: (_, { timeMs }) => decided('set', { at: timeMs }, [], [{ name: 't', dueMs: timeMs + 1 }]),
      onTimer: () => rejected('SECRET is not wanted'),
    }
    const log = await logOf(async observer => {
      await new Stage(sink, { observer }).batch([record(0, reading('a'))])
      const stage = new Stage(alarmed as KeyedProcess<never>, { observer })
      await stage.batch([record(0, reading('a')), record(1, reading('b', { at: 60 }))])
    })
    const codes = log.map(({ code }) => code)
    assert.ok(codes.includes('not-accepted') && codes.includes('timer-rejected'))
    assert.doesNotMatch(JSON.stringify(log), /SECRET/)
  })
})

function count(value: number, reason: string) {
  return {
    unit: 'Count',
    values: [value],
    dimensions: ['service=tested', `service=tested reason=${reason}`],
  }
}
