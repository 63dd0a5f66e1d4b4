import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it, test } from 'node:test'
import type { OutgoingRecord } from '#runtime/cloudevents'
import { readRedriveHistory, readRedriveTarget } from '#runtime/test/support/inside'
import { MemoryLogReader, MemoryPublisher } from '#runtime/testing'
import { readEligibleLetters } from '../../../../../control/operations/dead-letters/eligible-letters.ts'
import {
  excludeLater,
  formatContinueCommand,
  formatRequest,
  selectDeadLetters,
} from '../../../../../control/operations/dead-letters/handling.ts'
import { Tally } from '../../../../../control/operations/dead-letters/result.ts'
import {
  type BatchRate,
  buildHandledRecords,
  publishInBatches,
  runHandling,
} from '../../../../../control/operations/dead-letters/run.ts'
import {
  buildRedrive,
  findLeftOutReason,
  previewRedrive,
  type RedriveTopics,
} from '../../../../../control/queries/dead-letters/redrive-decision.ts'
import { deadLetterRow } from '../../../../../lib/failures/dead-letter-row.ts'
import { base64, deadLetterRecord, getDeadLetter, handledRecord } from '../../../../support/dead-letters.ts'
import { FAMILIES } from '../../../../support/families.ts'

const READINGS = 'sluice.telemetry.readings.local'
const INPUT_REDRIVES = 'sluice.telemetry.input-redrives.local'
const TOPICS: RedriveTopics = new Map([
  [
    READINGS,
    {
      isForInputs: false,
      bounds: Array.from({ length: 12 }, () => ({ start: 0, end: 500 })),
      consumers: new Set(['processor']),
      maxMessageBytes: 4_000,
    },
  ],
  [
    INPUT_REDRIVES,
    {
      isForInputs: true,
      bounds: Array.from({ length: 3 }, () => ({ start: 0, end: 0 })),
      consumers: new Set(['intake']),
      maxMessageBytes: 4_000,
    },
  ],
])

const BY_ANN = { by: 'ann', at: '1970-01-01T00:00:00.000Z' }

function letter(changes: object = {}, offset = 17) {
  const found = getDeadLetter({ ...deadLetterRecord(changes), offset })
  assert.ok(found)
  return found
}

describe('whether a dead letter is redriven', () => {
  const createRow = (changes: object) => ({ ...deadLetterRow(FAMILIES, letter(changes)), partition: 2 })
  const ofAll = { command: 'redrive', ats: [] } as const
  const why = (changes: object) => {
    const because =
      findLeftOutReason(createRow(changes), ofAll) ?? buildRedrive(letter(changes), TOPICS, BY_ANN)
    return typeof because === 'string' ? because : undefined
  }
  const cases: [title: string, changes: object, expected: string | undefined][] = [
    ['one that is whole', {}, undefined],
    ['one that is quarantined', { quarantined: true }, 'quarantined'],
    ['one whose value is only in the log', { omitted: ['value'] }, 'incomplete'],
    ['one of another environment', { originalTopic: 'sluice.telemetry.readings.prod' }, 'unknown-topic'],
    ['one of a foreign topic', { originalTopic: 'orders' }, 'unknown-topic'],
    ['one of a partition that is not there', { originalPartition: 12 }, 'no-such-partition'],
    ['one of an offset that the topic has not reached', { originalOffset: 500 }, 'another-log'],
    ['one of a consumer that does not read the topic', { consumer: 'notifier' }, 'unknown-consumer'],
  ]
  for (const [title, changes, expected] of cases)
    test(`given ${title}, then ${expected ?? 'it is'}`, () => {
      assert.equal(why(changes), expected)
    })

  // Promise docs/failures.md#what-lambda-itself-gives-up
  it('given one that Lambda discarded before, then it is only dropped', () => {
    const row = createRow({ errorType: 'lambda-discarded' })
    assert.equal(findLeftOutReason(row, ofAll), 'never-failed')
    assert.equal(findLeftOutReason(row, { ...ofAll, command: 'drop' }), undefined)
    assert.equal(row.code, 'lambda-discarded')
  })

  // Promise docs/failures.md#in-the-console
  it('given one that is named, then the console offers a redrive exactly if the command does it', () => {
    const large = [
      'one that is too large',
      { originalValue: base64('x'.repeat(4_000)) },
      'too-large',
    ] as const
    for (const [title, changes] of [...cases, large]) {
      const named = findLeftOutReason(createRow(changes), { ...ofAll, ats: ['2@17'] })
      const built = named ?? buildRedrive(letter(changes), TOPICS, BY_ANN)
      const { leftOut } = previewRedrive(FAMILIES, letter(changes), TOPICS)
      assert.equal(leftOut, typeof built === 'string' ? built : null, title)
    }
  })

  it('given one that is named, then it may be quarantined, and with --again handled before', async () => {
    const named = (again: boolean, changes: object = {}) =>
      findLeftOutReason(
        { ...createRow({ quarantined: true }), ...changes },
        { ...ofAll, ats: ['2@17'], again },
      )
    assert.equal(named(false), undefined)
    assert.equal(named(false, { handled: 'dropped' }), 'handled')
    assert.equal(named(true, { handled: 'dropped' }), undefined)
    const { leftOut, to } = previewRedrive(FAMILIES, letter({ quarantined: true }), TOPICS)
    assert.deepEqual([leftOut, to.attempt], [null, 2])
  })
})

describe('the counts of an operation', () => {
  const PARTITION = { partition: 2 } as const
  const rowAt = (offset: number, changes: object = {}) => ({
    ...deadLetterRow(FAMILIES, letter({}, offset)),
    ...{ ...PARTITION, offset, ...changes },
  })

  it('given more than were published, then they count those that were, and all in the end', async () => {
    const rows = Array.from({ length: 2_504 }, (_, offset) => {
      return offset < 4 ? rowAt(offset, { handled: 'dropped' }) : rowAt(offset)
    })
    const tally = new Tally()
    const shown: number[][] = []
    const note = () => shown.push([tally.handledCount, tally.leftOutCount])
    const handling = {
      request: { command: 'drop', ats: [], perSecond: 40_000 },
      ...{ rows, letters: { topic: 'dlq' }, stop: new AbortController().signal },
      all: { findOpen: async <T>(batch: T) => batch },
      ...{ connections: { redis: createRedis() }, nowMs: Date.now, newId: randomUUID },
    }
    const publisher = { publish: async () => void note() }
    const context = { ...{ by: 'ann', operation: 'o', publisher }, config: { contentMode: 'binary' } }
    await runHandling(handling as never, tally, context as never)
    // Each batch is counted when it is acknowledged, and then marked as handled.
    assert.deepEqual(shown, [
      [2_000, 4],
      [2_500, 4],
    ])
  })

  it('given one that is no longer in its topic, then it is left out with this reason', async () => {
    const tally = new Tally()
    const rows = [rowAt(17), rowAt(18)]
    const record = { ...deadLetterRecord({}), offset: 17, partition: 2 }
    const handling = {
      request: { command: 'redrive', ats: [] },
      ...{ rows, letters: { topic: record.topic, log: new MemoryLogReader([record]) }, topics: TOPICS },
      ...{ connections: {}, nowMs: Date.now },
    }
    for await (const _ of readEligibleLetters(handling as never, tally, 'ann'));
    assert.deepEqual([...tally.leftOut], [['gone', 1]])
  })
})

/** Redis with one key, which is set by turns. */
function createRedis() {
  let token: string | undefined
  const set = async (_key: string, own: string) => {
    await new Promise(resolve => setImmediate(resolve))
    if (token !== undefined) return null
    token = own
    return 'OK'
  }
  /** Removes the key if it has the token. */
  const remove = async (_script: string, _keys: 1, _key: string, own: string) => {
    if (token === own) token = undefined
  }
  return async () => ({ run: (command: (redis: object) => unknown) => command({ set, eval: remove }) })
}

describe('operations on the same dead letters at once', () => {
  const ROWS = Array.from({ length: 25 }, (_, offset) => ({
    ...deadLetterRow(FAMILIES, letter({}, offset)),
    ...{ partition: 2, offset },
  }))
  // Promise docs/commands.md#operations | An operation keeps to its environment and leaves audit events of its beginning and of what it did itself, and a command or a page that is not one cannot write.
  for (const [title, changes] of [
    ['five without a rate', [{}, {}, {}, {}, {}]],
    ['three of them with a rate', [{ perSecond: 40 }, {}, { perSecond: 80 }, { perSecond: 8 }]],
    ['one that ends before it has begun', [{}, { isStopped: true }, {}]],
  ] as const)
    it(`given ${title}, then each letter is handled by one, and each says what it did`, async () => {
      const handled = new Set<number>()
      const [redis, turn] = [createRedis(), () => new Promise(resolve => setImmediate(resolve))]
      let marks = 0
      const publish = async ([record]: readonly OutgoingRecord[]) => {
        await turn()
        for (const { from, to } of JSON.parse(String(record?.value)).ranges)
          for (let offset = from; offset <= to; offset += 1, marks += 1) handled.add(offset)
      }
      const findOpen = async (batch: typeof ROWS) => {
        await turn()
        return batch.filter(({ offset }) => !handled.has(offset))
      }
      const runs = changes.map(async ({ isStopped, ...request }: Record<string, unknown>, number) => {
        const tally = new Tally()
        const handling = {
          ...{ request: { command: 'drop', ats: [], ...request }, rows: ROWS, letters: { topic: 'dlq' } },
          ...{ all: { findOpen }, connections: { redis }, nowMs: Date.now, newId: randomUUID },
          stop: isStopped ? AbortSignal.abort() : new AbortController().signal,
        }
        const config = { contentMode: 'binary', env: 'test' }
        const context = { by: 'ann', operation: `o${number}`, publisher: { publish }, config }
        await runHandling(handling as never, tally, context as never)
        return tally.toAuditCounts('drop')
      })
      const counts = await Promise.all(runs)
      const sum = (name: string) => counts.reduce((sum, each) => sum + (each[name] ?? 0), 0)
      assert.deepEqual([sum('dropped'), marks, handled.size], [25, 25, 25], JSON.stringify(counts))
      assert.equal(sum('handled'), 25 * (changes.filter(each => !('isStopped' in each)).length - 1))
    })
})

describe('a dead letter of a record of an input', () => {
  const ofInput = letter({ consumer: 'intake', originalTopic: 'greenhouse', originalPartition: 7 })

  // Promise docs/inputs.md#dead-letters
  it('goes to the topic for such records, with its original position, and never into the input', () => {
    const record = buildRedrive(ofInput, TOPICS, BY_ANN)
    assert.ok(typeof record !== 'string')
    assert.deepEqual([record.topic, record.partition], [INPUT_REDRIVES, 1])
    const target = readRedriveTarget(record)
    assert.deepEqual([target?.consumer, target?.attempt], ['intake', 2])
    assert.deepEqual([target?.place?.topic, target?.place?.partition], ['greenhouse', 7])
    const { to, leftOut } = previewRedrive(FAMILIES, ofInput, TOPICS)
    assert.deepEqual([to.topic, to.partition, leftOut], [INPUT_REDRIVES, 1, null])
  })

  it('given an environment whose function for them is missing, then it is left out', () => {
    const none = new Map([...TOPICS].filter(([name]) => name === READINGS))
    assert.equal(buildRedrive(ofInput, none, BY_ANN), 'unknown-topic')
  })
})

describe('what is redriven', () => {
  // Promise docs/failures.md#what-a-redrive-does
  it('given a dead letter, then its bytes go to its partition, for the consumer that failed alone', async () => {
    const record = buildRedrive(letter({ originalKey: null }), TOPICS, BY_ANN)
    assert.ok(typeof record !== 'string')
    const { topic, partition, key, value, headers } = record
    assert.deepEqual([topic, partition, key], [READINGS, 9, null])
    assert.equal(String(value), '{"sensorId":"roof-1","temperature":"28"}')
    const target = readRedriveTarget({ headers })
    assert.deepEqual([target?.consumer, target?.attempt], ['processor', 2])
    const [attempt] = readRedriveHistory({ headers })
    assert.deepEqual([attempt?.redrivenBy, attempt?.redrivenAt], ['ann', '1970-01-01T00:00:00.000Z'])
  })

  it('given one that its topic would not take with what a redrive adds, then it is left out', async () => {
    assert.equal(
      buildRedrive(letter({ originalValue: base64('x'.repeat(4_000)) }), TOPICS, BY_ANN),
      'too-large',
    )
  })

  it('given a drop, then everything that is open is taken, and what is broken only by its name', () => {
    const row = { ...deadLetterRow(FAMILIES, letter({ quarantined: true })), partition: 2 }
    const broken = { kind: 'broken', why: 'cut', partition: 2, offset: 3, writtenAtMs: 0 } as const
    const drop = (ats: readonly string[]) => ({ command: 'drop', ats }) as const
    assert.equal(findLeftOutReason(row, drop([])), undefined)
    assert.equal(findLeftOutReason({ ...row, handled: 'redriven' }, drop([])), 'handled')
    assert.deepEqual(
      [findLeftOutReason(broken, drop([])), findLeftOutReason(broken, drop(['2@3']))],
      ['broken', undefined],
    )
  })
})

describe('a request in words', () => {
  const request = {
    command: 'redrive',
    ats: [],
    filter: { entity: "/a it's", untilMs: 0 + 1 },
    perSecond: 5,
  } as const

  it('when it was stopped, then the command that continues is quoted for a shell', () => {
    assert.equal(
      formatContinueCommand(request, 'local'),
      "sluice dlq redrive --entity '/a it'\\''s' --until 1970-01-01T00:00:00.001Z --rate 5/s --env local --yes",
    )
    const named = { ...request, ats: ['2@17'], again: true, perSecond: undefined }
    assert.equal(formatContinueCommand(named, 'local'), 'sluice dlq redrive 2@17 --env local --again --yes')
  })

  it('then dead letters of later are excluded, and an earlier end stays', () => {
    assert.equal(excludeLater(request, 9).filter.untilMs, 1)
    assert.equal(excludeLater({ ...request, filter: {} }, 9).filter.untilMs, 10)
    assert.deepEqual(excludeLater({ ...request, ats: ['2@17'], filter: {} }, 9).filter, {})
  })

  it('then the audit event has its conditions', () => {
    assert.deepEqual(formatRequest({ ...request, ats: ['0@1', '2@17'], again: true, filter: {} }), {
      ...{ rate: '5/s', again: 'yes' },
      at: '0@1 2@17',
    })
  })
})

describe('the dead letters of a request', () => {
  const at = (offset: number, changes: object = {}) => ({
    ...deadLetterRecord(changes, undefined, `y${offset}`),
    partition: 0,
    offset,
  })
  const word = (offset: number, of: number) => ({
    ...handledRecord({
      ...{ action: 'redriven', by: 'ann', at: '2026-03-01T13:00:00Z', operation: 'o' },
      ranges: [{ from: of, to: of }],
    }),
    partition: 0,
    offset,
  })
  const records = [
    at(0),
    at(1, { consumer: 'alerting' }),
    at(2, { consumer: undefined }),
    at(3),
    word(4, 3),
    at(5),
  ]
  const source = {
    families: FAMILIES,
    topic: 'sluice.telemetry.dlq.local',
    log: new MemoryLogReader(records, 1),
    bounds: async () => [{ start: 0, end: records.length }],
  }
  const select = async (ats: readonly string[], filter: object = {}) => {
    const { rows, missing } = await selectDeadLetters(source, { ats, filter })
    return { offsets: rows.map(({ offset }) => offset), missing }
  }

  it('given conditions, then the dead letters that meet them are meant, and the broken ones of that time', async () => {
    assert.deepEqual(await select([], { consumer: 'processor' }), { offsets: [0, 2, 5], missing: [] })
    assert.deepEqual(await select([], { consumer: 'alerting', untilMs: 0 }), { offsets: [], missing: [] })
  })

  it('given Ctrl-C while they are selected, then it ends at once, and no part looks like the whole', async context => {
    const { mock } = context.mock.method(source.log, 'read')
    const selected = selectDeadLetters(source, { ats: [], filter: {} }, AbortSignal.abort('stopped'))
    await assert.rejects(selected, error => error === 'stopped')
    assert.ok(mock.callCount() <= 3, `${mock.callCount()} reads`)
  })

  it('given places and ids, then those are meant, handled or not, and the rest is missing', async () => {
    const all = ['0@0', 'y1', '0@2', '0@3', '0@9', 'x1', '0@4']
    assert.deepEqual(await select(all), { offsets: [0, 1, 2, 3], missing: ['0@9', 'x1', '0@4'] })
  })
})

describe('publishing what is chosen', () => {
  const DOING = {
    operation: 'o',
    action: 'redriven' as const,
    by: 'ann',
    dlqTopic: 'dlq',
    contentMode: 'binary' as const,
  }
  const record = (offset: number) => ({
    topic: READINGS,
    key: null,
    value: Buffer.from(`${offset}`),
    headers: [],
  })
  const taken = (offset: number) => ({ partition: offset % 2, offset, record: record(offset) })
  const claim = <T>(batch: T, publish: (own: T) => Promise<void>) => publish(batch)
  async function* groups(...all: number[][]) {
    for (const group of all) yield group.map(taken)
  }
  const pace = (changes: Partial<BatchRate> = {}): BatchRate => ({
    perSecond: undefined,
    nowMs: () => 0,
    wait: async () => {},
    isStopped: () => false,
    ...changes,
  })
  const listHandled = (publisher: MemoryPublisher) =>
    publisher.publishedRecords
      .filter(({ topic }) => topic === 'dlq')
      .map(({ partition, value }) => [partition, JSON.parse(String(value)).ranges])

  it('given several partitions, then records leave in order, and each partition gets its ranges', async () => {
    const publisher = new MemoryPublisher()
    await publishInBatches(groups([0, 1, 2], [3, 5]), publisher, DOING, pace(), claim, () => {})
    const values = publisher.publishedRecords
      .filter(({ topic }) => topic === READINGS)
      .map(({ value }) => String(value))
    assert.deepEqual(values, ['0', '1', '2', '3', '5'])
    const single = (...offsets: number[]) => offsets.map(offset => ({ from: offset, to: offset }))
    assert.deepEqual(listHandled(publisher), [
      [0, single(0, 2)],
      [1, single(1, 3, 5)],
    ])
    const places = [4, 5, 6, 9].map(offset => ({ partition: 0, offset }))
    const [told] = buildHandledRecords(places, DOING, 0)
    assert.deepEqual(JSON.parse(String(told?.value)).ranges, [
      { from: 4, to: 6 },
      { from: 9, to: 9 },
    ])
  })

  it('given a rate, then a batch is a quarter of a second, and each waits until it is due', async () => {
    const waits: number[] = []
    const publisher = new MemoryPublisher()
    const wait = async (ms: number) => void waits.push(ms)
    const numbers = Array.from({ length: 30 }, (_, offset) => offset)
    await publishInBatches(groups(numbers), publisher, DOING, pace({ perSecond: 40, wait }), claim, () => {})
    assert.deepEqual(waits, [250, 500])
    const times = [9_000_000, 9_000_000]
    const setBack = pace({ perSecond: 40, wait, nowMs: () => times.shift() ?? 0 })
    await publishInBatches(groups(numbers), publisher, DOING, setBack, claim, () => {})
    assert.deepEqual(waits.slice(2), [500, 500], 'a clock that is set back does not prolong it')
  })

  it('given a rate and a long read before or between, then the time of the read is not caught up', async () => {
    let nowMs = 0
    const left: number[] = []
    const wait = async (ms: number) => {
      nowMs += ms
    }
    async function* slow() {
      nowMs += 20_000
      yield* groups(Array.from({ length: 30 }, (_, offset) => offset))
      nowMs += 20_000
      yield* groups(Array.from({ length: 20 }, (_, offset) => 30 + offset))
    }
    const limits = pace({ perSecond: 40, wait, nowMs: () => nowMs })
    await publishInBatches(slow(), new MemoryPublisher(), DOING, limits, claim, () => left.push(nowMs))
    const gaps = left.slice(1).map((at, index) => at - (left[index] ?? 0))
    assert.equal(left.length, 5)
    assert.ok(
      gaps.every(gap => gap >= 250),
      `${left}`,
    )
  })

  it('given a stop, then what was published is handled, and no more is published', async () => {
    const publisher = new MemoryPublisher()
    let published = 0
    const isStopped = () => published >= 10
    const numbers = Array.from({ length: 30 }, (_, offset) => offset)
    const limits = pace({ perSecond: 40, isStopped })
    await publishInBatches(groups(numbers), publisher, DOING, limits, claim, batch => {
      published += batch.length
    })
    const all = listHandled(publisher).flatMap(([, ranges]) => ranges)
    assert.deepEqual([published, all.length], [10, 10])
  })

  it('given that Kafka does not take a batch, then only what it took before is handled', async () => {
    const publisher = new MemoryPublisher(topic => (topic === READINGS && publisher.calls > 2 ? 0 : 1e9))
    const numbers = Array.from({ length: 30 }, (_, offset) => offset)
    const run = publishInBatches(groups(numbers), publisher, DOING, pace({ perSecond: 40 }), claim, () => {})
    await assert.rejects(run, /too large/)
    assert.equal(listHandled(publisher).flatMap(([, ranges]) => ranges).length, 10)
  })

  it('given that the topic cannot be read on, then what was published is handled', async () => {
    const publisher = new MemoryPublisher()
    async function* torn() {
      yield* groups(Array.from({ length: 12 }, (_, offset) => offset))
      throw new Error('torn')
    }
    await assert.rejects(
      publishInBatches(torn(), publisher, DOING, pace({ perSecond: 40 }), claim, () => {}),
      /torn/,
    )
    assert.equal(listHandled(publisher).flatMap(([, ranges]) => ranges).length, 10)
  })
})
