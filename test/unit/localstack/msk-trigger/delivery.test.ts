import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Attempts, FailedBatches } from '../../../../localstack/msk-trigger/attempts.ts'
import { type DeliveryContext, deliver } from '../../../../localstack/msk-trigger/delivery.ts'
import { Faults } from '../../../../localstack/msk-trigger/faults.ts'
import type { GivenUp } from '../../../../localstack/msk-trigger/invocation-record.ts'
import type { Lane } from '../../../../localstack/msk-trigger/lane.ts'
import type { Mapping } from '../../../../localstack/msk-trigger/mappings.ts'
import type { PartitionOffset } from '../../../../localstack/msk-trigger/member.ts'
import { Slots } from '../../../../localstack/msk-trigger/slots.ts'
import { laneWithTaken, mappingOf, openChoices, recordedReports, show } from './support.ts'

interface Options extends Partial<DeliveryContext> {
  readonly mapping?: Mapping
  /** How many records each of the partitions 0 and 1 has. */
  readonly records?: number
  readonly timestamps?: (partition: number) => number
}

/** A batch of partitions 0 and 1, from offset 0 on; `answers` are what the handler does, one after another. */
function given(answers: (() => unknown)[], options: Options = {}) {
  const { mapping = mappingOf({ reportsFailures: true }), records = 2, timestamps, ...more } = options
  const taken = [0, 1].map(partition => {
    const message = { timestamp: String(timestamps?.(partition) ?? Date.now()) }
    return laneWithTaken(partition, 0, records, { mapping, message })
  })
  const lanes = new Map(taken.map(({ lane }) => [lane.partition, lane]))
  const lane = (partition: number): Lane => lanes.get(partition) ?? assert.fail()
  const batch = taken.map(({ lane: { partition }, records: list }) => ({ partition, records: list }))
  const ending = new AbortController()
  const seen = {
    invoked: [] as string[],
    committed: [] as PartitionOffset[],
    released: [] as number[],
    sent: [] as GivenUp[],
    log: [] as string[],
  }
  const note = (line: string) => seen.log.push(line)
  const { reports, told } = recordedReports()
  const slots = new Slots(1)
  slots.tryTake()
  const context: DeliveryContext = {
    name: 'f',
    topic: 't',
    mapping,
    destination: mapping.destination,
    sender: mapping.destination && {
      send: async givenUp => void seen.sent.push(givenUp),
      close: async () => {},
    },
    faults: new Faults(),
    reports,
    sending: new Attempts(),
    failedBatches: new FailedBatches(),
    running: { begin: () => () => {} },
    backoff: { retryDelayMs: 0, maxRetryDelayMs: 0 },
    slots,
    log: { notice: note, warning: note, error: note },
    ending: ending.signal,
    invoke: async parts => {
      seen.invoked.push(show(parts))
      return answers[seen.invoked.length - 1]?.()
    },
    crash: () => {},
    committed: async ({ partition }, offset) => void seen.committed.push({ partition, offset }),
    release: partition => seen.released.push(partition),
    ...more,
  }
  return { run: () => deliver(batch, lanes, context), lane, batch, lanes, context, ending, seen, slots, told }
}
type Given = ReturnType<typeof given>
const loses = (lane: Lane) => {
  lane.lost = true
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
  it('commits and releases after success', async () => {
    const { run, seen, slots } = given([succeed])
    await run()
    assert.deepEqual(seen.committed, [
      { partition: 0, offset: 2 },
      { partition: 1, offset: 2 },
    ])
    assert.deepEqual(seen.released, [0, 1])
    assert.deepEqual(seen.log, [])
    assert.equal(slots.tryTake(), true, 'the slot is free again')
  })

  it('repeats the whole batch after errors, and commits only then (rule 22)', async () => {
    const { run, seen } = given([fail, fail, fail, succeed])
    await run()
    assert.deepEqual(seen.invoked, Array(4).fill('0@0,1 1@0,1'))
    assert.equal(seen.committed.length, 2)
    const told = seen.log.filter(line => line.includes('failed')).length
    assert.equal(told, 2, 'attempts 1 and 2 are told, 3 is not')
    assert.match(seen.log.at(-1) ?? '', /went through at attempt 4/)
  })

  it('releases a partition that is done while the rest comes again', async () => {
    const { run, seen } = given([failed(1, 1), succeed])
    await run()
    assert.deepEqual(seen.invoked, ['0@0,1 1@0,1', '1@1'])
    assert.deepEqual(seen.committed, [
      { partition: 0, offset: 2 },
      { partition: 1, offset: 1 },
      { partition: 1, offset: 2 },
    ])
    assert.deepEqual(seen.released, [0, 1])
  })

  it('commits nothing behind a record that is open, where only the named ones come again', async () => {
    const open = openChoices({ afterPartialResponse: 'retry-only-failed' })
    const mapping = mappingOf({ reportsFailures: true, open })
    const { run, seen } = given([failed(0, 1, 3), failed(0, 1), succeed], { mapping, records: 5 })
    await run()
    assert.deepEqual(seen.invoked, ['0@0,1,2,3,4 1@0,1,2,3,4', '0@1,3', '0@1'])
    const ofZero = seen.committed.filter(({ partition }) => partition === 0).map(({ offset }) => offset)
    assert.deepEqual(ofZero, [1, 5])
  })

  it('commits nothing of a partition that was lost meanwhile, and does not deliver it again', async () => {
    const test = given([
      () => {
        test.lane(0).lost = true
        return failed(1, 0)()
      },
      () => {
        test.lane(1).lost = true
        return fail()
      },
    ])
    await test.run()
    assert.deepEqual(test.seen.invoked, ['0@0,1 1@0,1', '1@0,1'])
    assert.deepEqual(test.seen.committed, [])
    assert.deepEqual(test.seen.released.toSorted(), [0, 1])
  })

  for (const [what, happens, released] of [
    ['when the trigger ends meanwhile', ({ ending }: Given) => ending.abort(), []],
    ['with partitions that are lost meanwhile', ({ lanes }: Given) => lanes.forEach(loses), [0, 1]],
  ] as const) {
    it(`waits for a slot and then begins nothing ${what}`, async () => {
      const slots = new Slots(1)
      slots.tryTake()
      const asked = Promise.withResolvers<void>()
      const take = () => {
        asked.resolve()
        return slots.take()
      }
      const test = given([fail], { slots: { take, give: () => slots.give() } })
      const other = slots.take()
      const delivery = test.run()
      await Promise.all([other, asked.promise])
      happens(test)
      slots.give()
      await delivery
      assert.equal(test.seen.invoked.length, 1)
      assert.deepEqual(test.seen.released, released)
      assert.equal(slots.tryTake(), true, 'the slot is free again')
    })
  }

  it('releases a partition only when more of it may be committed', async () => {
    const healthy = Promise.withResolvers<void>()
    const { run, seen } = given([succeed], { committed: () => healthy.promise })
    const done = run()
    await new Promise(setImmediate)
    assert.deepEqual(seen.released, [])
    healthy.resolve()
    await done
    assert.deepEqual(seen.released, [0, 1])
  })

  it('goes on with its backoff when its partitions were given away and came back', async () => {
    const failedBatches = new FailedBatches()
    for (let member = 1; member <= 4; member += 1) {
      const test: Given = given([fail], {
        failedBatches,
        backoff: { retryDelayMs: 1, maxRetryDelayMs: 16 },
        invoke: async () => {
          for (const partition of [0, 1]) test.lane(partition).lost = true
          return fail()
        },
      })
      await test.run()
      const waits = test.seen.log.map(line => /attempt (\d+), again in (\d+) ms/.exec(line)?.slice(1))
      assert.deepEqual(waits, { 1: [['1', '1']], 2: [['2', '2']], 3: [], 4: [['4', '8']] }[member])
    }
    const { run, seen, told } = given([succeed], { failedBatches })
    await run()
    assert.match(seen.log[0] ?? '', /went through at attempt 5/)
    assert.deepEqual(told, [], 'these reports had not seen it fail')
    assert.equal(failedBatches.triesOf([{ partition: 0, records: [{ offset: 0 }] }]), 0)
  })

  it('reports what stands still with every attempt, and once that it goes on', async () => {
    const { run, told } = given([fail, failed(1, 1), succeed])
    await run()
    assert.deepEqual(told, [
      'stalled invocation error 1 0@0 1@0',
      'resumed invocation 0 1',
      'stalled invocation reported 2 1@1',
      'resumed invocation 1',
    ])
  })

  it('ends during a backoff when the trigger ends, without a commit', async () => {
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

describe('bisect', () => {
  it('delivers the halves one after another until the bad record is alone (rules 19, 29)', async () => {
    const mapping = mappingOf({ bisectBatchOnFunctionError: true })
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
        if (bad && test.seen.invoked.filter(one => one === poison).length < 2) throw new Error('boom')
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

describe('records that are given up', () => {
  it('go to the destination when the retries are used up, and only then are committed (rules 26, 27)', async () => {
    const mapping = mappingOf({ maximumRetryAttempts: 1, destination: queue })
    const away = [1, 2]
    const test = given([fail, fail], {
      mapping,
      sender: {
        send: async givenUp => {
          assert.deepEqual(test.seen.committed, [])
          if (away.pop()) throw new Error('no such queue')
          test.seen.sent.push(givenUp)
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
    assert.match(test.seen.log.join('\n'), /t-0@0–1 t-1@0–1 given up: .*Not sent to arn:.*no such queue/)
    assert.match(test.seen.log.at(-1) ?? '', /Sent to arn:aws:sqs/)
  })

  it('are discarded without a destination, with one line that names them', async () => {
    const { run, seen } = given([fail], { mapping: mappingOf({ maximumRetryAttempts: 0 }) })
    await run()
    assert.equal(seen.committed.length, 2)
    const lines = seen.log.filter(line => line.includes('discarded'))
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /t-0@0–1 t-1@0–1 given up: RetryAttemptsExhausted, after 1 attempts: boom/)
  })

  it('are those that an answer names, although every invocation returns (rule 32)', async () => {
    const mapping = mappingOf({ reportsFailures: true, maximumRetryAttempts: 1, destination: queue })
    const { run, seen } = given([failed(0, 1), failed(0, 1), succeed], { mapping, records: 3 })
    await run()
    assert.deepEqual(seen.invoked, ['0@0,1,2 1@0,1,2', '0@1,2', '0@2'])
    const [sent] = seen.sent
    assert.deepEqual([show(sent?.parts ?? []), sent?.response?.isFunctionError], ['0@1', false])
    assert.deepEqual(seen.committed.at(-1), { partition: 0, offset: 3 })
  })

  it('are those over age, before the first attempt as well (rule 28)', async () => {
    const mapping = mappingOf({ maximumRecordAgeMs: 60_000, destination: queue })
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

  it('are those that were refused, before the others are sent (rules 9, 15)', async () => {
    const test = given([succeed], { mapping: mappingOf({ destination: queue }) })
    const [first] = test.batch
    const refused = { condition: 'SCHEMA_NOT_FOUND', why: 'no schema 99' } as const
    const batch = test.batch.map(part => ({
      ...part,
      records: part.records.map(record =>
        part === first && record.offset === 0 ? { ...record, refused } : record,
      ),
    }))
    await deliver(batch, test.lanes, test.context)
    assert.deepEqual(test.seen.invoked, ['0@1 1@0,1'])
    assert.deepEqual([test.seen.sent[0]?.condition, test.seen.sent[0]?.invocations], ['SCHEMA_NOT_FOUND', 0])
    assert.deepEqual(test.seen.committed[0], { partition: 0, offset: 1 })
  })

  it('do not keep a slot while their destination is away', async () => {
    const away = Promise.withResolvers<void>()
    const mapping = mappingOf({ maximumRetryAttempts: 0, destination: queue })
    const sender = { send: () => away.promise, close: async () => {} }
    const { run, slots } = given([fail], { mapping, sender })
    const done = run()
    await new Promise(setImmediate)
    assert.equal(slots.tryTake(), true)
    away.resolve()
    await done
  })

  it('stay uncommitted when the trigger ends before they are sent', async () => {
    const mapping = mappingOf({ maximumRetryAttempts: 0, destination: queue })
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

describe('faults in a delivery', () => {
  it('send a batch twice, and commit it once', async () => {
    const faults = new Faults()
    faults.arm({ fault: 'duplicate' })
    const { run, seen } = given([succeed, succeed], { faults })
    await run()
    assert.deepEqual(seen.invoked, Array(2).fill('0@0,1 1@0,1'))
    assert.equal(seen.committed.length, 2)
  })

  it('crash after the handler and before the commit', async () => {
    const faults = new Faults()
    faults.arm({ fault: 'crash' })
    const test = given([succeed], {
      faults,
      crash: () => {
        for (const partition of [0, 1]) test.lane(partition).lost = true
      },
    })
    await test.run()
    assert.deepEqual(test.seen.committed, [])
    assert.deepEqual(test.seen.released, [0, 1])
  })

  it('let an answer come too late', async () => {
    const faults = new Faults()
    faults.arm({ fault: 'timeout' })
    const counts: boolean[] = []
    const { run } = given([], {
      faults,
      invoke: async (_, answerCounts) => {
        counts.push(answerCounts)
        if (!answerCounts) throw new Error('timeout')
      },
    })
    await run()
    assert.deepEqual(counts, [false, true])
  })
})
