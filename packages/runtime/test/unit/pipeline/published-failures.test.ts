/** Failures that were published before a loss: how they are read, and which records fail again. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import { writeEvent } from '../../../cloudevents/writer.ts'
import type { Event } from '../../../consumer/event.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { PublishedFailureReader } from '../../../pipeline/failures/published-failures.ts'
import type { LogBounds } from '../../../pipeline/ports.ts'
import { MemoryLogBounds } from '../../../testing/memory-log-bounds.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { kafkaEvent } from '../../../testing/records.ts'
import { DEAD_LETTER_TYPE, topicName } from '../../support/application.ts'
import { nextAttempt } from '../../support/parking.ts'
import { environmentReading, logRecord } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const [FAILURES, DLQ] = [topicName('failures', 'test'), topicName('dlq', 'test')]

/** A consumer whose first failure was published, and whose state is lost. Nothing fails any more. */
async function afterLoss() {
  const failing = new Set(['r1'])
  const process: KeyedProcess<number> = {
    name: 'counting',
    accepts: ['io.sluice.environment.reading.v1'],
    onEvent: (count = 0, { id }) => {
      if (failing.has(id)) throw new Error('not now')
      return completeStep('counted', count + 1)
    },
  }
  const stage = new Stage(process as KeyedProcess<never>)
  const log = [0, 1, 2].map(offset => logRecord(offset, environmentReading(`r${offset}`)))
  await stage.batch(log)
  failing.clear()
  const failure = stage.events[0] as Event<FailureData>
  stage.observer.decisions.length = 0
  stage.publisher.publishedRecords.length = 0
  stage.store.restore(stage.stateKey(), undefined)
  return { stage, log, failure }
}

type Lost = Awaited<ReturnType<typeof afterLoss>>

/** Delivers the last record again: everything before it is read back. */
async function consumeLast(
  { stage, log }: Lost,
  topics: readonly LogRecord[],
  remainingMs = () => 60_000,
  bounds: LogBounds = new MemoryLogBounds(topics),
) {
  const publishedFailures = new PublishedFailureReader()
  const ports = {
    log: new MemoryLogReader([...log, ...topics], 1),
    bounds,
  }
  const last = kafkaEvent(log.slice(-1))
  const nowMs = () => (log.at(-1) as LogRecord).timestampMs + 30 * 86_400_000
  return stage.consume(last, { publishedFailures, ports, remainingMs, nowMs })
}

function failureRecord(event: object, topic: string, offset = 0): LogRecord {
  return logRecord(offset, { key: null, ...writeEvent(event as never) }, { topic })
}

describe('a record that failed before a loss', () => {
  it('given only its dead letter, with an earlier attempt, then both attempts fail again', async () => {
    const lost = await afterLoss()
    const { data } = lost.failure
    const history = [
      { attempt: 1, failedAt: '2026-03-01T13:00:01Z', errorType: 'unexpected-error', error: 'e' },
    ]
    const letter = {
      ...lost.failure,
      id: 'l',
      type: DEAD_LETTER_TYPE,
      data: { ...data, attempt: 2, history },
    }
    lost.log.push(nextAttempt(data as FailureData, 3, (lost.log[2] as LogRecord).timestampMs + 1_000))
    lost.log.push(logRecord(4, environmentReading('r4')))
    await consumeLast(lost, [failureRecord(letter, DLQ)])
    assert.deepEqual(lost.stage.outcomes, [
      'applied/counted',
      'failed/unexpected-error',
      'applied/counted',
      'failed/unexpected-error',
      'applied/counted',
    ])
  })

  for (const other of [
    { consumer: 'other' },
    ...['timer-failed', 'timer-rejected', 'emission-refused', 'lambda-discarded'].map(errorType => ({
      errorType,
    })),
  ])
    it(`given only a dead letter with its offset and ${Object.entries(other)[0]}, then it is processed`, async () => {
      const lost = await afterLoss()
      const data = { ...lost.failure.data, ...other }
      const letter = { ...lost.failure, id: 'l', type: DEAD_LETTER_TYPE, data }
      await consumeLast(lost, [failureRecord(letter, DLQ)])
      assert.deepEqual(new Set(lost.stage.outcomes), new Set(['applied/counted']))
    })

  it('given the failure of another record at this offset, of a deleted topic, then it is processed', async () => {
    const lost = await afterLoss()
    const other = { ...lost.failure, data: { ...lost.failure.data, originalTimestamp: 5 } }
    await consumeLast(lost, [failureRecord(other, FAILURES)])
    assert.deepEqual(new Set(lost.stage.outcomes), new Set(['applied/counted']))
  })

  it('given failures that are no longer kept, then the records are counted', async () => {
    const lost = await afterLoss()
    const late = failureRecord({ ...lost.failure, id: 'later' }, FAILURES, 7)
    await consumeLast(lost, [{ ...late, timestampMs: (lost.log[1] as LogRecord).timestampMs }])
    assert.deepEqual(lost.stage.observer.list('failures-not-kept'), [{ records: 1 }])
  })

  it('given that all failures have expired, then records older than their retention are counted', async () => {
    const lost = await afterLoss()
    const bounds = { bounds: async () => [{ start: 5, end: 5 }] }
    await consumeLast(lost, [], undefined, bounds)
    assert.deepEqual(lost.stage.observer.list('failures-not-kept'), [{ records: 1 }, { records: 1 }])
  })
})

describe('the reader of published failures', () => {
  /** Returns a function that reads the failures at most so many times, and how many it knows then; undefined if there are more. */
  async function reading(timesMs: readonly number[]) {
    const { stage, failure } = await afterLoss()
    const records = timesMs.map((timestampMs, offset) => ({
      ...failureRecord({ ...failure, id: `f${offset}` }, FAILURES, offset),
      timestampMs,
    }))
    const reader = new PublishedFailureReader()
    const [log, bounds] = [new MemoryLogReader(records, 1), new MemoryLogBounds(records)]
    const known = async (sinceMs: number, most: number) => {
      let left = most
      const isLate = () => {
        left -= 1
        return left < 0
      }
      const topics = { log, bounds, isLate, nowMs: Date.now }
      return (await reader.read(topics, stage.consumer, stage.stateKey(), sinceMs))?.failures.size
    }
    return { reader, known }
  }

  it('given too little time, then the next invocation continues, until none needs them', async () => {
    const { reader, known } = await reading([0, 0, 0, 0, 0])
    const found: (number | undefined)[] = []
    for (let invocation = 0; invocation < 3; invocation += 1) {
      found.push(await known(0, 2))
      reader.endInvocation()
    }
    assert.deepEqual(found, [undefined, undefined, 5])
    reader.endInvocation()
    assert.equal(await known(0, 2), undefined)
  })

  it('given a partition that needs earlier failures than another, then they are read, too', async () => {
    const { known } = await reading([0, 7_200_000])
    assert.deepEqual([await known(7_200_000, 9), await known(0, 9), await known(7_200_000, 9)], [1, 2, 2])
  })
})
