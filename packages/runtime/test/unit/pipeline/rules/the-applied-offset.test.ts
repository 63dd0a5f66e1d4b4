/** The fine print, "The applied offset": see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryStateStore } from '../../../../adapters/memory/state-store.ts'
import type { LogRecord } from '../../../../cloudevents/record.ts'
import { completeStep, type KeyedProcess } from '../../../../consumer/process.ts'
import { Unavailable } from '../../../../pipeline/errors.ts'
import type { OffsetRange } from '../../../../pipeline/model/log.ts'
import type { LogReader } from '../../../../pipeline/ports.ts'
import { MemoryLogReader } from '../../../../testing/memory-log-reader.ts'
import { Random } from '../../../../testing/random.ts'
import { kafkaEvent, environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'

/** Readings with ids and offsets of their own. */
function readings(from: number, to: number): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, at) => record(from + at, reading(`r${from + at}`)))
}

describe('rule 1: a commit names the version that it was computed from', () => {
  // Promise docs/guarantees.md#rule 1
  it('rule 1: given a state that changes again and again, then the batch waits after three attempts', async () => {
    const stage = new Stage()
    let attempts = 0
    stage.store.commit = async () => {
      attempts += 1
      return 'refused'
    }
    assert.equal((await stage.batch(readings(0, 1))).batchItemFailures.length, 2)
    assert.equal(attempts, 3)
    assert.equal(stage.observer.waits[0]?.reason, 'contended')
    assert.deepEqual(stage.publisher.publishedRecords, [])
  })
})

describe('rule 2: only what the store holds is published', () => {
  // Promise packages/runtime/README.md#Two invocations that overlap do not both count
  // Promise packages/runtime/README.md#What is emitted happened, and what happened is emitted at least once, with the same id
  // Promise docs/guarantees.md#Two invocations that overlap do not both count
  // Promise docs/guarantees.md#What is emitted happened
  // Promise docs/guarantees.md#rule 2
  it('rule 2: given a faster invocation, then this one decides again and emits only what was committed', async () => {
    const stage = new Stage()
    const batch = [record(0, reading('a')), record(1, reading('b'))]
    const commit = stage.store.commit.bind(stage.store)
    stage.store.commit = async (stateKey, change) => {
      stage.store.commit = commit
      await stage.batch(batch)
      return commit(stateKey, change)
    }
    await stage.batch(batch)
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    assert.equal(stage.publisher.publishedRecords.length, 1)
  })

  // Promise packages/runtime/README.md#A redelivered record changes nothing
  // Promise docs/guarantees.md#A redelivered record changes nothing
  it('rule 2: given a batch that is cut differently when it comes again, then each record counts once', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 5))
    for (const [from, to] of [
      [2, 3],
      [0, 7],
      [5, 9],
    ] as const)
      await stage.batch(readings(from, to))
    assert.deepEqual(await stage.state(ENTITY), { count: 10 })
    assert.equal(new Set(stage.events.map(({ id }) => id)).size, 5)
    assert.equal(stage.events.length, 5)
  })
})

describe('rule 3: a record of another log stops the partition', () => {
  // Promise docs/guarantees.md#A topic that was recreated is not taken for the old one
  // Promise docs/guarantees.md#rule 3
  it('rule 3: given a topic that was made anew, then the partition stops instead of dropping records', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('b'))])
    const later = { timestampMs: Date.parse('2026-04-01T00:00:00Z') }
    const response = await stage.batch([record(0, reading('c'), later)])
    assert.equal(response.batchItemFailures.length, 1)
    assert.equal(stage.observer.waits[0]?.reason, 'another-log')
  })

  it('rule 3: given several records of another log, then the first of them is named', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 5))
    const later = { timestampMs: Date.parse('2026-04-01T00:00:00Z') }
    await stage.batch([2, 3, 4].map(offset => record(offset, reading(`new${offset}`), later)))
    assert.match(String(stage.observer.waits[0]?.error), /its record at offset 2 differs/)
  })

  it('rule 3: given another record at the applied offset itself, then the partition stops', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 3))
    const later = { timestampMs: Date.parse('2026-04-01T00:00:00Z') }
    assert.equal((await stage.batch([record(3, reading('new'), later)])).batchItemFailures.length, 1)
    assert.equal(stage.observer.waits[0]?.reason, 'another-log')
  })

  it('rule 3: given a log cut off and written anew, then a batch from below the applied offset stops', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 5))
    const later = { timestampMs: Date.parse('2026-04-01T00:00:00Z') }
    const rewritten = [4, 5, 6].map(offset => record(offset, reading(`new${offset}`), later))
    assert.equal((await stage.batch(rewritten)).batchItemFailures.length, 3)
    assert.deepEqual(await stage.state(ENTITY), { count: 6 })
  })

  it('rule 3: given a broker whose clock was ahead, then redelivered records are of the same log', async () => {
    const stage = new Stage()
    const base = Date.parse('2026-03-01T13:00:00Z')
    const log = [0, 3_600_000, 1_000].map((ms, offset) =>
      record(offset, reading(`r${offset}`), { timestampMs: base + ms }),
    )
    await stage.batch(log)
    assert.deepEqual(await stage.batch(log), { batchItemFailures: [] })
  })
})

describe('rule 3: a log beyond the applied offset is known by its record there', () => {
  const DAY_MS = 24 * 60 * 60_000
  /** Other records than `readings` has, appended a day later. */
  const anew = (from: number, to: number, lateMs = DAY_MS) =>
    readings(from, to).map(({ offset, timestampMs }) =>
      record(offset, reading(`new${offset}`), { timestampMs: timestampMs + lateMs }),
    )
  /** A consumer that has decided the offsets 0 to 9 of the first log; then Kafka has another one. */
  async function passed(log: readonly LogRecord[], process?: ConstructorParameters<typeof Stage>[0]) {
    const stage = new Stage(process)
    await stage.batch(readings(0, 9))
    const deliver = (records: readonly LogRecord[], nowMs = 0) =>
      stage.consume(kafkaEvent(records), { ports: { log: new MemoryLogReader(log) }, nowMs: () => nowMs })
    return { stage, deliver }
  }
  const reasons = (stage: Stage) => stage.observer.waits.map(({ reason }) => reason)

  it('rule 3: given a new log beyond the applied offset, then its first batch stops undecided', async () => {
    const { stage, deliver } = await passed(anew(0, 19))
    assert.equal((await deliver(anew(10, 19))).batchItemFailures.length, 10)
    assert.deepEqual(reasons(stage), ['another-log'])
    assert.match(String(stage.observer.waits[0]?.error), /offset 9 differs/)
    assert.deepEqual(await stage.state(ENTITY), { count: 10 })
  })

  it('rule 3: given a new log whose records have the times of the old one, then their bytes differ', async () => {
    const { stage, deliver } = await passed(anew(0, 19, 0))
    await deliver(anew(9, 19, 0))
    await deliver(anew(10, 19, 0))
    assert.deepEqual(reasons(stage), ['another-log', 'another-log'])
  })

  it('rule 3: given a new log with the same bytes at the applied offset, then the append time differs', async () => {
    const again = readings(0, 19).map(reading => ({ ...reading, timestampMs: reading.timestampMs - DAY_MS }))
    const { stage, deliver } = await passed(again)
    await deliver(again.slice(9, 10))
    await deliver(again.slice(10))
    assert.deepEqual(reasons(stage), ['another-log', 'another-log'])
  })

  it('rule 3: given the same log, then it is looked at once a minute, and all continues', async () => {
    const { stage } = await passed([])
    const reads: OffsetRange[] = []
    const log = new MemoryLogReader(readings(0, 29))
    const counted: LogReader = {
      read: (topic, partition, range) => {
        reads.push(range)
        return log.read(topic, partition, range)
      },
    }
    for (const [from, nowMs] of [
      [10, 0],
      [11, 30_000],
      [12, 59_999],
      [13, 60_000],
    ] as const)
      await stage.consume(kafkaEvent(readings(from, from)), { ports: { log: counted }, nowMs: () => nowMs })
    assert.deepEqual(reads, [
      { fromOffset: 9, toOffset: 9 },
      { fromOffset: 12, toOffset: 12 },
    ])
    assert.deepEqual(await stage.state(ENTITY), { count: 14 })
  })

  it('rule 3: given a new log that ends before the applied offset, when the old batch comes, then it stops', async () => {
    const { stage, deliver } = await passed(anew(0, 3))
    await deliver(readings(10, 12))
    assert.deepEqual(reasons(stage), ['another-log'])
  })

  it('rule 3: given a transaction marker at the applied offset, then the records before it decide', async () => {
    const { stage, deliver } = await passed([...anew(0, 8), ...anew(10, 19)])
    await deliver(anew(10, 19))
    assert.deepEqual(reasons(stage), ['another-log'])
  })

  it('rule 3: given a record at the applied offset that was compacted away, then the log continues', async () => {
    const { stage, deliver } = await passed([...readings(0, 8), ...readings(10, 19)])
    assert.deepEqual(await deliver(readings(10, 19)), { batchItemFailures: [] })
    assert.deepEqual(await stage.state(ENTITY), { count: 20 })
  })

  it('rule 3: given an expired record at the applied offset, then the log continues unchecked', async () => {
    const { stage, deliver } = await passed(readings(15, 19))
    await deliver(readings(18, 19))
    assert.deepEqual(stage.observer.list('expired'), [{ fromOffset: 10, toOffset: 14 }])
    assert.deepEqual(await stage.state(ENTITY), { count: 15 })
  })

  it('rule 3: given Kafka away when the log is to be looked at, then the partition waits', async () => {
    const { stage } = await passed([])
    const log = { read: () => Promise.reject(new Unavailable('broker-unavailable', 'away')) }
    await stage.consume(kafkaEvent(readings(10, 11)), { ports: { log } })
    assert.deepEqual(reasons(stage), ['broker-unavailable'])
    assert.deepEqual(await stage.batch(readings(10, 11)), { batchItemFailures: [] })
  })

  it('rule 3: given a state from before digests were kept, then its log is checked from the next commit on', async () => {
    const { stage, deliver } = await passed(anew(0, 19))
    stage.keptStates = undefined
    stage.store.restore(stage.stateKey(), {
      ...(stage.store.copyState(stage.stateKey()) as object),
      appliedDigest: undefined,
    })
    assert.deepEqual(await deliver(anew(10, 19)), { batchItemFailures: [] })
    assert.equal((await deliver(readings(19, 19))).batchItemFailures.length, 1)
  })

  it('rule 3: given a replayed log with carried times, even with a changed setting, then it is the same', async () => {
    const carrying = readings(0, 19).map(reading => ({
      ...reading,
      headers: [
        ...reading.headers,
        ['sluice-logtime', Buffer.from(String(reading.timestampMs - 500))] as const,
      ],
    }))
    const stage = new Stage()
    await stage.batch(carrying.slice(0, 10))
    stage.consumer = { ...stage.consumer, logTime: 'carried' }
    assert.deepEqual(await stage.batch(carrying.slice(9, 15)), { batchItemFailures: [] })
    assert.deepEqual(await stage.batch(carrying.slice(14)), { batchItemFailures: [] })
    assert.deepEqual(await stage.state(ENTITY), { count: 20 })
  })

  it('rule 3: given a process that changes its bytes, then the record at the applied offset is known', async () => {
    const bytes = {
      data: Buffer.from('abc'),
      datacontenttype: 'application/octet-stream',
      type: 'test.bytes',
    }
    const log = [0, 1].map(offset => record(offset, { ...reading(`r${offset}`), ...bytes }))
    const clearing: KeyedProcess<object> = {
      name: 'counting',
      accepts: ['test.bytes'],
      onEvent(_, { data }) {
        ;(data as Buffer).fill(0)
        return completeStep('cleared', {})
      },
    }
    const stage = new Stage(clearing as KeyedProcess<unknown>)
    await stage.batch(log.slice(0, 1))
    assert.deepEqual(await stage.batch(log.slice(1)), { batchItemFailures: [] })
  })
})

describe('rule 4: a consumer group that is reset goes back over nothing', () => {
  // Promise docs/guarantees.md#rule 4
  it('rule 4: given older offsets, then all are duplicates', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 9))
    await stage.batch(readings(0, 4))
    assert.deepEqual(stage.observer.list('redelivered'), [{ records: 5 }])
    assert.deepEqual(await stage.state(ENTITY), { count: 10 })
  })
})

describe('rule 5: a partition without state', () => {
  it('rule 5: given a store that has forgotten a log with a past, then all of it is read, and said', async () => {
    const stage = new Stage()
    stage.inLog([record(4, reading('x')), record(5, reading('y'))])
    await stage.batch([record(7, reading('a'))])
    assert.deepEqual(stage.observer.list('no-applied-offset'), [{ fromOffset: 4 }])
    assert.deepEqual(await stage.state(ENTITY), { count: 3 })
  })

  it('rule 5: given a log that begins with the delivery, then a store without state has lost nothing', async () => {
    const stage = new Stage()
    await stage.batch([record(7, reading('a'))])
    assert.deepEqual(stage.observer.list('no-applied-offset'), [])
    assert.deepEqual(stage.observer.list('expired'), [])
  })

  it('rule 5: given SLUICE_SINCE, then earlier records are ignored, and the applied offset advances', async () => {
    const stage = new Stage()
    const log = readings(0, 3)
    stage.consumer = { ...stage.consumer, sinceMs: log[2]?.timestampMs ?? 0 }
    await stage.batch(log)
    assert.deepEqual(stage.outcomes, [
      'ignored/before-start',
      'ignored/before-start',
      'applied/counted',
      'applied/counted',
    ])
  })
})

describe('rule 6: every offset is delivered, read, or proven empty', () => {
  // Promise docs/guarantees.md#rule 6
  it('rule 6: given offsets that hold nothing to read, then they are looked at, and nothing is said', async () => {
    const stage = new Stage()
    const log = [...readings(0, 1), ...readings(3, 4), ...readings(6, 6)]
    assert.deepEqual(await stage.batch(log), { batchItemFailures: [] })
    assert.deepEqual(await stage.state(ENTITY), { count: 5 })
    assert.deepEqual([stage.observer.list('range-read-back'), stage.observer.list('expired')], [[], []])
  })

  it('rule 6: given records that the log no longer has, then their range is reported, the rest continues', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 1))
    const shortened = { log: new MemoryLogReader(readings(5, 9)) }
    await stage.batch(readings(8, 9), { ports: shortened })
    assert.deepEqual(stage.observer.list('expired'), [{ fromOffset: 2, toOffset: 4 }])
    assert.deepEqual(await stage.state(ENTITY), { count: 2 + 5 })
  })

  // Promise docs/guarantees.md#The events of an entity are applied in order
  it('rule 6: whatever of a log is delivered, and however little a fetch brings, all is decided in order', async () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = new Random(seed)
      // The offsets that are missing here hold markers of transactions.
      const log = readings(0, 40).filter(() => random.chance(0.8))
      const stage = new Stage()
      const reader = new MemoryLogReader(log, random.between(1, 9))
      const limits = { ...stage.consumer.limits, records: random.between(1, 12) }
      stage.consumer = { ...stage.consumer, limits }
      for (let from = 0; from < log.length; from += 10) {
        const batch = log.slice(from, from + 10).filter(() => random.chance(0.6))
        if (batch.length > 0) await stage.batch(batch, { ports: { log: reader } })
      }
      await stage.batch(log.slice(-1), { ports: { log: reader } })
      const decided = stage.observer.decisions.map(({ offset }) => offset)
      assert.deepEqual(
        decided,
        log.map(({ offset }) => offset),
        `seed ${seed}`,
      )
    }
  })
})

// Promise docs/guarantees.md#rule 7
describe('rule 7: what is read beside the deliveries', () => {
  // That no consumer group notices needs a broker: packages/runtime/test/integration/adapters/kafka-log-reader.test.ts.
  it('rule 7: it is committed in chunks like everything else', async () => {
    const stage = new Stage()
    stage.inLog(readings(0, 1_200))
    await stage.batch(readings(0, 0))
    const appliedOffsets = listAppliedOffsets(stage)
    await stage.batch(readings(1_200, 1_200))
    assert.deepEqual(appliedOffsets, [500, 1_000, 1_200])
  })
})

describe('rule 8: waiting records are reported in the way that the mapping understands', () => {
  const away = () => Promise.reject(new Unavailable('store-unavailable', 'away'))

  // Promise docs/guarantees.md#rule 8
  it('rule 8: given a mapping without partial responses, when a partition waits, then the handler throws', async () => {
    const stage = new Stage()
    const store = new MemoryStateStore()
    store.load = away
    const deferred = stage.batch([record(4, reading('a'))], { ports: { store }, partialResponses: false })
    await assert.rejects(deferred, { name: 'BatchDeferred', message: /readings\.test\/0 from 4/ })
  })

  it('rule 8: given a mapping with them, then every record from the first undecided one on is named', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 1))
    Object.assign(stage.store, { load: away, commit: away })
    const { batchItemFailures } = await stage.batch(readings(2, 5))
    assert.deepEqual(
      batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset),
      [2, 3, 4, 5],
    )
  })
})

// Promise docs/guarantees.md#rule 9
describe('rule 9: what one commit takes', () => {
  const vast = (offset: number, bytes: number) => ({ ...record(offset, {}), value: Buffer.alloc(bytes, 1) })
  const withKey = (offset: number, bytes: number) => ({ ...vast(offset, 0), key: Buffer.alloc(bytes, 1) })
  const withHeader = (offset: number, bytes: number): LogRecord => ({
    ...vast(offset, 0),
    headers: [['h', Buffer.alloc(bytes, 1)]],
  })
  const table: [name: string, log: LogRecord[], appliedOffsets: number[]][] = [
    ['500 records', readings(0, 1_000), [499, 999, 1_000]],
    ['4 MiB of values', [0, 1, 2, 3, 4].map(offset => vast(offset, 2 ** 21 - 1_000)), [1, 3, 4]],
    ['4 MiB of keys', [0, 1, 2, 3, 4].map(offset => withKey(offset, 2 ** 21 - 1_000)), [1, 3, 4]],
    ['4 MiB of headers', [0, 1, 2, 3, 4].map(offset => withHeader(offset, 2 ** 21 - 1_000)), [1, 3, 4]],
    ['one record, where that is larger', [vast(0, 5 * 2 ** 20), vast(1, 5 * 2 ** 20)], [0, 1]],
  ]
  for (const [name, log, appliedOffsets] of table)
    it(`rule 9: ${name}`, async () => {
      const stage = new Stage()
      const seen = listAppliedOffsets(stage)
      await stage.batch(log)
      assert.deepEqual(seen, appliedOffsets)
    })
})

/** The applied offset of each commit from now on. */
function listAppliedOffsets(stage: Stage): number[] {
  const appliedOffsets: number[] = []
  const commit = stage.store.commit.bind(stage.store)
  stage.store.commit = (stateKey, change) => {
    appliedOffsets.push(change.appliedOffset)
    return commit(stateKey, change)
  }
  return appliedOffsets
}
