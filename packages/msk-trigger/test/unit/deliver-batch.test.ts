import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Mapping } from '../../config/mappings.ts'
import { type DeliveryContext, deliver } from '../../deliver/deliver-batch.ts'
import { FailedBatches } from '../../deliver/failed-batches.ts'
import type { DiscardedRecords } from '../../deliver/invocation-record.ts'
import { OpenDeliveries } from '../../deliver/open-deliveries.ts'
import { Semaphore } from '../../deliver/semaphore.ts'
import { Faults } from '../../faults/faults.ts'
import { HandlerError, REFUSED } from '../../invoke/runtimes/runtime.ts'
import type { PartitionOffset } from '../../poll/member.ts'
import type { PartitionQueue } from '../../poll/partition-queue.ts'
import { Attempts } from '../../report/attempts.ts'
import { createMapping, queueWithTaken, recordedReports, show } from './support.ts'

interface Options extends Partial<DeliveryContext> {
  readonly mapping?: Mapping
  /** Number of records in each of the partitions 0 and 1. */
  readonly records?: number
  readonly timestamps?: (partition: number) => number
}

/** A batch of partitions 0 and 1, from offset 0 on. `answers` are what the handler does, one per invocation. */
function given(answers: (() => unknown)[], options: Options = {}) {
  const { mapping = createMapping({ reportsFailures: true }), records = 2, timestamps, ...more } = options
  const taken = [0, 1].map(partition => {
    const message = { timestamp: String(timestamps?.(partition) ?? Date.now()) }
    return queueWithTaken(partition, 0, records, { mapping, message })
  })
  const queues = new Map(taken.map(({ queue }) => [queue.partition, queue]))
  const queue = (partition: number): PartitionQueue => queues.get(partition) ?? assert.fail()
  const batch = taken.map(({ queue: { partition }, records: list }) => ({ partition, records: list }))
  const ending = new AbortController()
  const seen = {
    invoked: [] as string[],
    committed: [] as PartitionOffset[],
    released: [] as number[],
    sent: [] as DiscardedRecords[],
    log: [] as string[],
  }
  const note = (line: string) => seen.log.push(line)
  const { reports, written } = recordedReports()
  const permits = new Semaphore(1)
  permits.tryAcquire()
  const context: DeliveryContext = {
    name: 'f',
    topic: 't',
    mapping,
    destination: mapping.destination,
    sender: mapping.destination && {
      send: async discarded => void seen.sent.push(discarded),
      close: async () => {},
    },
    faults: new Faults(),
    reports,
    sending: new Attempts(),
    failedBatches: new FailedBatches(),
    running: { begin: () => () => {} },
    backoff: { retryDelayMs: 0, maxRetryDelayMs: 0 },
    permits,
    reserved: new Semaphore(1),
    log: { notice: note, warning: note, error: note },
    ending: ending.signal,
    invoke: async parts => {
      seen.invoked.push(show(parts))
      return answers[seen.invoked.length - 1]?.()
    },
    crash: () => {},
    scheduleCommit: async ({ partition }, offset) => void seen.committed.push({ partition, offset }),
    release: partition => seen.released.push(partition),
    ...more,
  }
  return {
    run: () => deliver(batch, queues, context),
    queue,
    batch,
    queues,
    context,
    ending,
    seen,
    permits,
    written,
  }
}
type Given = ReturnType<typeof given>
const revoke = (queue: PartitionQueue) => {
  queue.revoked = true
}
const succeed = () => null
const fail = () => assert.fail('boom')
const failed =
  (partition: number, ...offsets: number[]) =>
  () => ({
    batchItemFailures: offsets.map(offset => ({ itemIdentifier: { partition: `t-${partition}`, offset } })),
  })
const queue = { kind: 'sqs', arn: 'arn:aws:sqs:eu-west-1:000000000000:failed' } as const

describe('the delivery of a batch', () => {
  // Promise packages/msk-trigger/RULES.md#rule 22
  it('retries the whole batch after errors, and commits only after success (rule 22)', async () => {
    const { run, seen } = given([fail, fail, fail, succeed])
    await run()
    assert.deepEqual(seen.invoked, Array(4).fill('0@0,1 1@0,1'))
    assert.equal(seen.committed.length, 2)
    const logged = seen.log.filter(line => line.includes('failed')).length
    assert.equal(logged, 2, 'attempts 1 and 2 are logged, 3 is not')
    assert.match(seen.log.at(-1) ?? '', /succeeded at attempt 4/)
  })

  it('neither commits nor redelivers a partition that was revoked meanwhile', async () => {
    const test = given([
      () => {
        test.queue(0).revoked = true
        return failed(1, 0)()
      },
      () => {
        test.queue(1).revoked = true
        return fail()
      },
    ])
    await test.run()
    assert.deepEqual(test.seen.invoked, ['0@0,1 1@0,1', '1@0,1'])
    assert.deepEqual(test.seen.committed, [])
    assert.deepEqual(test.seen.released.toSorted(), [0, 1])
    assert.deepEqual(test.written, ['stalled invocation reported 1 1@0'])
  })

  for (const [what, happens, released] of [
    ['when the trigger stops meanwhile', ({ ending }: Given) => ending.abort(), []],
    ['when its partitions are revoked meanwhile', ({ queues }: Given) => queues.forEach(revoke), [0, 1]],
  ] as const) {
    it(`waits for a permit, and starts nothing ${what}`, async () => {
      const permits = new Semaphore(1)
      permits.tryAcquire()
      const asked = Promise.withResolvers<void>()
      const take = () => {
        asked.resolve()
        return permits.acquire()
      }
      const test = given([fail], { permits: { acquire: take, release: () => permits.release() } })
      const other = permits.acquire()
      const delivery = test.run()
      await Promise.all([other, asked.promise])
      happens(test)
      permits.release()
      await delivery
      assert.equal(test.seen.invoked.length, 1)
      assert.deepEqual(test.seen.released, released)
      assert.equal(permits.tryAcquire(), true, 'the permit is free again')
    })
  }

  it('releases a partition only when more of it may be committed', async () => {
    const healthy = Promise.withResolvers<void>()
    const { run, seen } = given([succeed], { scheduleCommit: () => healthy.promise })
    const done = run()
    await new Promise(setImmediate)
    assert.deepEqual(seen.released, [])
    healthy.resolve()
    await done
    assert.deepEqual(seen.released, [0, 1])
  })

  it('continues its backoff when its partitions are revoked and assigned again', async () => {
    const failedBatches = new FailedBatches()
    const timestamps = () => 1_000
    for (let member = 1; member <= 4; member += 1) {
      const test: Given = given([fail], {
        failedBatches,
        timestamps,
        backoff: { retryDelayMs: 1, maxRetryDelayMs: 16 },
        invoke: async () => {
          for (const partition of [0, 1]) test.queue(partition).revoked = true
          return fail()
        },
      })
      await test.run()
      const waits = test.seen.log.map(line => /attempt (\d+), retrying in (\d+) ms/.exec(line)?.slice(1))
      assert.deepEqual(waits, { 1: [['1', '1']], 2: [['2', '2']], 3: [], 4: [['4', '8']] }[member])
    }
    const { run, seen, written } = given([succeed], { failedBatches, timestamps })
    await run()
    assert.match(seen.log[0] ?? '', /succeeded at attempt 5/)
    assert.deepEqual(written, [], 'these reports had not seen it fail')
    const again = failedBatches.splitIntoUnits([
      { partition: 0, records: [{ offset: 0, timestampMs: 1_000 }] },
    ])
    assert.deepEqual(
      again.map(({ tries }) => tries),
      [0],
    )
  })

  it('continues its retries when its partitions are revoked and assigned again (rules 26, 27)', async () => {
    const failedBatches = new FailedBatches()
    const mapping = createMapping({ maximumRetryAttempts: 3, destination: queue })
    const timestampMs = Date.now()
    const options = { mapping, failedBatches, timestamps: () => timestampMs }
    const lost: Given = given([fail, fail], {
      ...options,
      invoke: async parts => {
        lost.seen.invoked.push(show(parts))
        if (lost.seen.invoked.length === 2) lost.queues.forEach(revoke)
        return fail()
      },
    })
    await lost.run()
    const { run, seen } = given(Array(6).fill(fail), { ...options, records: 3 })
    await run()
    assert.deepEqual(lost.seen.invoked, Array(2).fill('0@0,1 1@0,1'))
    // Later records have not been tried yet, and are behind the failed ones.
    assert.deepEqual(seen.invoked, ['0@0,1 1@0,1', '0@0,1 1@0,1', '0@2 1@2', '0@2 1@2', '0@2 1@2', '0@2 1@2'])
    assert.deepEqual(
      seen.sent.map(({ parts, invocations }) => [show(parts), invocations]),
      [
        ['0@0,1 1@0,1', 4],
        ['0@2 1@2', 4],
      ],
    )
  })

  it('delivers partitions without failures first when they come back with others that failed', async () => {
    const failedBatches = new FailedBatches()
    const tried = { tries: 1, failures: 1, invocations: 1 }
    failedBatches.store(
      [{ partition: 0, records: [0, 1].map(offset => ({ offset, timestampMs: 1_000 })) }],
      tried,
    )
    const { run, seen } = given([succeed, succeed], { failedBatches, timestamps: () => 1_000 })
    await run()
    assert.deepEqual(seen.invoked, ['1@0,1', '0@0,1'])
  })

  it('sends the last response to the destination, also that from before a rejoin (rules 28, 44)', async () => {
    const failedBatches = new FailedBatches()
    const timestampMs = Date.now() - 50_000
    const options = { failedBatches, timestamps: () => timestampMs }
    let requestId = ''
    const lost: Given = given([], {
      ...options,
      invoke: async (_, id) => {
        requestId = id
        lost.queues.forEach(revoke)
        return fail()
      },
    })
    await lost.run()
    const mapping = createMapping({ maximumRecordAgeMs: 1_000, destination: queue })
    const { run, seen } = given([], { ...options, mapping })
    await run()
    assert.deepEqual(
      seen.sent.map(({ condition, invocations, response }) => [condition, invocations, response]),
      [['RecordAgeExceeded', 1, { requestId, isFunctionError: true }]],
    )
  })

  it('counts from the beginning where the topic was created again meanwhile', async () => {
    const failedBatches = new FailedBatches()
    const mapping = createMapping({ maximumRetryAttempts: 3, destination: queue })
    for (const timestampMs of [1_000, 2_000]) {
      const test: Given = given([], {
        mapping,
        failedBatches,
        timestamps: () => timestampMs,
        invoke: async parts => {
          test.seen.invoked.push(show(parts))
          if (timestampMs === 1_000) test.queues.forEach(revoke)
          return fail()
        },
      })
      await test.run()
      assert.equal(test.seen.invoked.length, timestampMs === 1_000 ? 1 : 4)
    }
  })

  it('waits while the runtime refuses the handler, which counts neither as an attempt nor as a retry', async () => {
    const refuse = () => {
      throw new HandlerError({ errorType: REFUSED, errorMessage: 'See handler.html.', trace: [] })
    }
    const mapping = createMapping({ maximumRetryAttempts: 1, destination: queue })
    const { run, seen, written } = given([refuse, refuse, fail, refuse, succeed], { mapping })
    await run()
    assert.deepEqual(seen.sent, [])
    assert.equal(seen.committed.length, 2)
    const waits = `f  0@0–1 1@0–1 waits, loading the handler again in 0 ms: ${REFUSED}: See handler.html.`
    const [fails, succeeds] = ['failed (attempt 1, retrying in 0 ms): boom', 'succeeded at attempt 2']
    assert.deepEqual(seen.log, [
      ...[waits, waits, `f  0@0–1 1@0–1 ${fails}`, waits],
      `f  0@0–1 1@0–1 ${succeeds}`,
    ])
    const stalls = [1, 2, 1, 1].map(n => `stalled invocation error ${n} 0@0 1@0`)
    assert.deepEqual(written, [...stalls, 'resumed invocation 0 1'])
  })

  it('reports a stall with every attempt, and once that it is over', async () => {
    const { run, written } = given([fail, failed(1, 1), succeed])
    await run()
    assert.deepEqual(written, [
      'stalled invocation error 1 0@0 1@0',
      'resumed invocation 0 1',
      'stalled invocation reported 2 1@1',
      'resumed invocation 1',
    ])
  })

  it('sends the id that the handler saw last to the destination, a different one each time (rule 44)', async () => {
    const ids: string[] = []
    const mapping = createMapping({ maximumRetryAttempts: 1, destination: { kind: 'sqs', arn: 'arn:sqs' } })
    const { run, seen } = given([], {
      mapping,
      invoke: async (_, requestId) => {
        ids.push(requestId)
        throw new Error('boom')
      },
    })
    await run()
    assert.equal(new Set(ids).size, 2)
    assert.deepEqual(
      seen.sent.map(({ response }) => response?.requestId),
      [ids[1]],
    )
  })

  it('ends after a defect when its partitions have been revoked', async () => {
    let defects = 0
    const failedBatches = new FailedBatches()
    failedBatches.splitIntoUnits = () => {
      defects += 1
      test.queue(defects - 1).revoked = true
      return assert.fail('unforeseen')
    }
    const test: Given = given([], { failedBatches })
    await test.run()
    assert.equal(defects, 2)
    assert.deepEqual(test.seen.released, [0, 1])
    assert.deepEqual([test.seen.invoked, test.seen.committed], [[], []])
    assert.equal(test.permits.tryAcquire(), true, 'the permit is free again')
  })

  it('ends during a backoff without a commit when the trigger stops', async () => {
    const backoff = { retryDelayMs: 60_000, maxRetryDelayMs: 60_000 }
    const { run, ending, seen } = given([fail], { backoff })
    const done = run()
    await new Promise(setImmediate)
    ending.abort()
    await done
    assert.deepEqual(seen.committed, [])
    assert.equal(seen.invoked.length, 1)
  })
})

describe('a delivery in flight', () => {
  /** Begins with this number of unexpected errors; `onDefect` is called with each. */
  function begun(defects: number, onDefect = (_: number) => {}, options: Options = {}) {
    let count = 0
    const begin = () => {
      count += 1
      onDefect(count)
      return count <= defects ? assert.fail('unforeseen') : () => {}
    }
    const test = given([], { running: { begin }, ...options })
    const deliveries = new OpenDeliveries()
    deliveries.begin(test.batch, test.queues, test.context)
    return { ...test, deliveries }
  }

  for (const defects of [0, 3])
    it(`given ${defects} unexpected errors, then they are logged and leave no trace`, async () => {
      const { deliveries, seen, written, permits } = begun(defects)
      await deliveries.waitForAll()
      assert.equal(show(deliveries.uncommittedRecords), '')
      assert.deepEqual([seen.committed.length, seen.released], [2, [0, 1]])
      assert.equal(permits.tryAcquire(), true, 'the permit is free again')
      // Times 1 and 2 of three.
      assert.equal(seen.log.length, defects === 0 ? 0 : 2)
      for (const line of seen.log)
        assert.match(line, /^f {2}0@0–1 1@0–1 is delivered again .*unexpected error.*unforeseen/s)
      if (defects > 0)
        assert.deepEqual(written.slice(-2), ['stalled invocation error 3 0@0 1@0', 'resumed invocation 0 1'])
    })

  it('given one that stays, then it is given up when the trigger stops, and its records stay uncommitted', async () => {
    const ending = new AbortController()
    const stop = (count: number) => count === 5 && ending.abort()
    const { deliveries, seen, permits } = begun(Infinity, stop, { ending: ending.signal })
    await deliveries.waitForAll()
    assert.equal(show(deliveries.uncommittedRecords), '0@0,1 1@0,1')
    assert.deepEqual(seen.committed, [])
    assert.equal(permits.tryAcquire(), true, 'the permit is free again')
  })
})

describe('bisect', () => {
  it('delivers the halves one after another until the bad record is alone (rules 19, 29)', async () => {
    const mapping = createMapping({ bisectBatchOnFunctionError: true })
    const poison = '0@1'
    let running = 0
    const test = given([], {
      mapping,
      invoke: async parts => {
        assert.equal(running++, 0, 'never two at once')
        test.seen.invoked.push(show(parts))
        await new Promise(setImmediate)
        running -= 1
        const bad = parts.some(
          part => part.partition === 0 && part.records.some(({ offset }) => offset === 1),
        )
        if (bad && test.seen.invoked.filter(text => text === poison).length < 2) throw new Error('boom')
      },
    })
    await test.run()
    assert.deepEqual(test.seen.invoked, ['0@0,1 1@0,1', '0@0,1', '0@0', '0@1', '0@1', '1@0,1'])
    assert.deepEqual(test.seen.committed, [
      { partition: 0, offset: 1 },
      { partition: 0, offset: 2 },
      { partition: 1, offset: 2 },
    ])
  })
})

describe('discarded records', () => {
  it('go to the destination when retries are used up, and are committed after that (rules 26, 27)', async () => {
    const mapping = createMapping({ maximumRetryAttempts: 1, destination: queue })
    const failures = [1, 2]
    const test = given([fail, fail], {
      mapping,
      sender: {
        send: async discarded => {
          assert.deepEqual(test.seen.committed, [])
          if (failures.pop()) throw new Error('no such queue')
          test.seen.sent.push(discarded)
        },
        close: async () => {},
      },
    })
    await test.run()
    assert.equal(test.seen.invoked.length, 2)
    const [sent, ...more] = test.seen.sent
    assert.deepEqual(more, [])
    assert.deepEqual(
      [show(sent?.parts ?? []), sent?.condition, sent?.invocations, sent?.response?.isFunctionError],
      ['0@0,1 1@0,1', 'RetryAttemptsExhausted', 2, true],
    )
    assert.equal(test.seen.committed.length, 2)
    assert.match(
      test.seen.log.join('\n'),
      /t-0@0–1 t-1@0–1 cannot be discarded yet: .*Not sent to arn:.*no such queue/,
    )
    assert.match(test.seen.log.at(-1) ?? '', /Sent to arn:aws:sqs/)
  })

  it('are dropped without a destination, with one log line that names them', async () => {
    const failWithSentence = () => assert.fail('See handler.html.')
    const { run, seen } = given([failWithSentence], { mapping: createMapping({ maximumRetryAttempts: 0 }) })
    await run()
    assert.equal(seen.committed.length, 2)
    const lines = seen.log.filter(line => line.includes('discarded'))
    assert.equal(lines.length, 1)
    assert.match(
      lines[0] ?? '',
      /t-0@0–1 t-1@0–1 discarded: RetryAttemptsExhausted, after 1 attempt: See handler\.html\. There is no/,
    )
  })

  // Promise packages/msk-trigger/RULES.md#rule 31
  // Promise packages/msk-trigger/RULES.md#rule 32
  it('are those that a response names, although every invocation returns (rules 31, 32)', async () => {
    const mapping = createMapping({ reportsFailures: true, maximumRetryAttempts: 1, destination: queue })
    const { run, seen } = given([failed(0, 1), failed(0, 1), succeed], { mapping, records: 3 })
    await run()
    assert.deepEqual(seen.invoked, ['0@0,1,2 1@0,1,2', '0@1,2', '0@2'])
    const [sent] = seen.sent
    assert.deepEqual([show(sent?.parts ?? []), sent?.response?.isFunctionError], ['0@1', false])
    assert.deepEqual(seen.committed.at(-1), { partition: 0, offset: 3 })
  })

  // Promise packages/msk-trigger/RULES.md#rule 28
  it('include records that are too old, even before the first attempt (rule 28)', async () => {
    const mapping = createMapping({ maximumRecordAgeMs: 60_000, destination: queue })
    const timestamps = (partition: number) => Date.now() - (partition === 0 ? 61_000 : 1_000)
    const { run, seen } = given([succeed], { mapping, timestamps })
    await run()
    assert.deepEqual(seen.invoked, ['1@0,1'])
    const [sent] = seen.sent
    assert.deepEqual(
      [show(sent?.parts ?? []), sent?.condition, sent?.invocations, sent?.response],
      ['0@0,1', 'RecordAgeExceeded', 0, undefined],
    )
  })

  it('include undeliverable records, before the others are sent (rules 9, 15)', async () => {
    const test = given([succeed], { mapping: createMapping({ destination: queue }) })
    const [first] = test.batch
    const undeliverable = { condition: 'SCHEMA_NOT_FOUND', why: 'no schema 99' } as const
    const batch = test.batch.map(part => ({
      ...part,
      records: part.records.map(record =>
        part === first && record.offset === 0 ? { ...record, undeliverable } : record,
      ),
    }))
    await deliver(batch, test.queues, test.context)
    assert.deepEqual(test.seen.invoked, ['0@1 1@0,1'])
    assert.deepEqual([test.seen.sent[0]?.condition, test.seen.sent[0]?.invocations], ['SCHEMA_NOT_FOUND', 0])
    assert.deepEqual(test.seen.committed[0], { partition: 0, offset: 1 })
  })

  it('hold no permit while their destination is unavailable', async () => {
    const away = Promise.withResolvers<void>()
    const mapping = createMapping({ maximumRetryAttempts: 0, destination: queue })
    const sender = { send: () => away.promise, close: async () => {} }
    const { run, permits } = given([fail], { mapping, sender })
    const done = run()
    await new Promise(setImmediate)
    assert.equal(permits.tryAcquire(), true)
    away.resolve()
    await done
  })

  it('stay uncommitted when the trigger stops before they are sent', async () => {
    const mapping = createMapping({ maximumRetryAttempts: 0, destination: queue })
    const test = given([fail], {
      mapping,
      sender: {
        send: async () => {
          test.ending.abort()
          throw new Error('away')
        },
        close: async () => {},
      },
    })
    await test.run()
    assert.deepEqual(test.seen.committed, [])
  })
})
