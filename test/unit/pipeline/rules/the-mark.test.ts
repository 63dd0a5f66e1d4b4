/** The fine print, "The mark": see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryLogReader } from '../../../../lib/adapters/memory/log-reader.ts'
import { MemoryStateStore } from '../../../../lib/adapters/memory/state-store.ts'
import type { LogRecord } from '../../../../lib/cloudevents/record.ts'
import { Unavailable, type Version } from '../../../../lib/pipeline/ports.ts'
import { Random } from '../../../support/random.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'

/** Readings with ids and offsets of their own. */
function readings(from: number, to: number): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, at) => record(from + at, reading(`r${from + at}`)))
}

describe('rule 1: a commit names the version that it was computed from', () => {
  const others: [name: keyof Version, version: Version][] = [
    ['epoch', { epoch: 1, mark: 1, fired: 0 }],
    ['mark', { epoch: 0, mark: 0, fired: 0 }],
    ['fired', { epoch: 0, mark: 1, fired: 1 }],
  ]
  for (const [name, version] of others)
    it(`rule 1: given another ${name} at the commit, then it is refused, and decided again from what is there`, async () => {
      const stage = new Stage()
      const slot = stage.slot()
      await stage.batch(readings(0, 1))
      const commit = stage.store.commit.bind(stage.store)
      const answers: string[] = []
      stage.store.commit = async (_, change) => {
        if (answers.length === 0)
          stage.store.restore(slot, { ...(stage.store.copyOf(slot) as object), version })
        const answer = await commit(slot, change)
        answers.push(answer)
        return answer
      }
      assert.deepEqual(await stage.batch(readings(2, 4)), { batchItemFailures: [] })
      assert.deepEqual(answers, ['refused', 'committed'])
      assert.deepEqual(await stage.state(ENTITY), { count: 5 })
    })

  it('rule 1: given a slot that moves again and again, then the batch waits after three attempts', async () => {
    const stage = new Stage()
    let attempts = 0
    stage.store.commit = async () => {
      attempts += 1
      return 'refused'
    }
    assert.equal((await stage.batch(readings(0, 1))).batchItemFailures.length, 2)
    assert.equal(attempts, 3)
    assert.equal(stage.observer.waits[0]?.reason, 'contended')
    assert.deepEqual(stage.publisher.published, [])
  })
})

describe('rule 2: only what the store holds is published', () => {
  it('rule 2: given another invocation that was faster, then this one decides again and emits only what the slot took', async () => {
    const stage = new Stage()
    const batch = [record(0, reading('a')), record(1, reading('b'))]
    const commit = stage.store.commit.bind(stage.store)
    stage.store.commit = async (slot, change) => {
      stage.store.commit = commit
      await stage.batch(batch)
      return commit(slot, change)
    }
    await stage.batch(batch)
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    assert.equal(stage.publisher.published.length, 1)
  })

  it('rule 2: given a commit whose reply was lost, when the batch comes again, then its emissions leave once and nothing is applied twice', async () => {
    const stage = new Stage()
    const batch = [record(0, reading('a')), record(1, reading('b'))]
    const commit = stage.store.commit.bind(stage.store)
    stage.store.commit = async (slot, change) => {
      await commit(slot, change)
      throw new Unavailable('store-unavailable', 'the reply was lost')
    }
    await stage.batch(batch)
    stage.store.commit = commit
    await stage.batch(batch)
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
    assert.deepEqual(
      stage.events.map(({ data }) => data),
      [{ count: 2 }],
    )
  })

  it('rule 2: given an invocation that was left for dead, when it wakes after its successor, then it changes nothing and emits nothing of its own', async () => {
    const stage = new Stage()
    const batch = readings(0, 1)
    const asleep = Promise.withResolvers<void>()
    const load = stage.store.load.bind(stage.store)
    stage.store.load = async (slot, wanted) => {
      stage.store.load = load
      const snapshot = await load(slot, wanted)
      await asleep.promise
      return snapshot
    }
    const zombie = stage.batch(batch)
    await stage.batch(batch)
    await stage.batch(readings(2, 3))
    asleep.resolve()
    assert.deepEqual(await zombie, { batchItemFailures: [] })
    assert.deepEqual(await stage.state(ENTITY), { count: 4 })
    assert.deepEqual(
      stage.events.map(({ data }) => data),
      [{ count: 2 }, { count: 4 }],
    )
  })

  it('rule 2: given a batch that is cut differently when it comes again, then what was decided of it counts once', async () => {
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
  it('rule 3: given a topic that was made anew, then the partition stops instead of dropping its records as duplicates', async () => {
    const stage = new Stage()
    await stage.batch([record(0, reading('a')), record(1, reading('b'))])
    const later = { timestampMs: Date.parse('2026-04-01T00:00:00Z') }
    const response = await stage.batch([record(0, reading('c'), later)])
    assert.equal(response.batchItemFailures.length, 1)
    assert.equal(stage.observer.waits[0]?.reason, 'another-log')
  })

  it('rule 3: given another record at the mark itself, and nothing before it, then the partition stops', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 3))
    const later = { timestampMs: Date.parse('2026-04-01T00:00:00Z') }
    assert.equal((await stage.batch([record(3, reading('new'), later)])).batchItemFailures.length, 1)
    assert.equal(stage.observer.waits[0]?.reason, 'another-log')
  })

  it('rule 3: given a log that was cut off and written anew, then a batch that reaches below the mark stops, and none of it is decided', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 5))
    const later = { timestampMs: Date.parse('2026-04-01T00:00:00Z') }
    const rewritten = [4, 5, 6].map(offset => record(offset, reading(`new${offset}`), later))
    assert.equal((await stage.batch(rewritten)).batchItemFailures.length, 3)
    assert.deepEqual(await stage.state(ENTITY), { count: 6 })
  })

  it('rule 3: given a broker whose clock was ahead for a while, then what is delivered again is no other log', async () => {
    const stage = new Stage()
    const base = Date.parse('2026-03-01T13:00:00Z')
    const log = [0, 3_600_000, 1_000].map((ms, offset) =>
      record(offset, reading(`r${offset}`), { timestampMs: base + ms }),
    )
    await stage.batch(log)
    assert.deepEqual(await stage.batch(log), { batchItemFailures: [] })
  })
})

describe('rule 4: a consumer group that is reset goes back over nothing', () => {
  it('rule 4: given older offsets, then all are duplicates', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 9))
    await stage.batch(readings(0, 4))
    assert.equal(stage.observer.redeliveries, 5)
    assert.deepEqual(await stage.state(ENTITY), { count: 10 })
  })

  it('rule 4: given newer offsets, then the gap is read first', async () => {
    const stage = new Stage()
    stage.inLog(readings(0, 9))
    await stage.batch(readings(0, 1))
    await stage.batch(readings(8, 9))
    assert.deepEqual(await stage.state(ENTITY), { count: 10 })
    assert.deepEqual(stage.observer.stretches, [{ fromOffset: 2, toOffset: 7 }])
  })
})

describe('rule 5: a slot without a mark', () => {
  it('rule 5: given a store that has forgotten a log with a past, then all of it is read, and said', async () => {
    const stage = new Stage()
    stage.inLog([record(4, reading('x')), record(5, reading('y'))])
    await stage.batch([record(7, reading('a'))])
    assert.deepEqual(stage.observer.startsWithoutMarkAt, [4])
    assert.deepEqual(await stage.state(ENTITY), { count: 3 })
  })

  it('rule 5: given a log that begins with what is delivered, then a store without a mark has forgotten nothing', async () => {
    const stage = new Stage()
    await stage.batch([record(7, reading('a'))])
    assert.deepEqual(stage.observer.startsWithoutMarkAt, [])
    assert.deepEqual(stage.observer.expiries, [])
  })

  it('rule 5: given an instant since when the consumer is there, then what was appended before is ignored, and the mark follows', async () => {
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
  it('rule 6: given offsets that hold nothing to read, then they are looked at, and nothing is said', async () => {
    const stage = new Stage()
    const log = [...readings(0, 1), ...readings(3, 4), ...readings(6, 6)]
    assert.deepEqual(await stage.batch(log), { batchItemFailures: [] })
    assert.deepEqual(await stage.state(ENTITY), { count: 5 })
    assert.deepEqual([stage.observer.stretches, stage.observer.expiries], [[], []])
  })

  it('rule 6: given records that the log no longer has, then their range is told, and the rest goes on', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 1))
    const shortened = { log: new MemoryLogReader(readings(5, 9)) }
    await stage.batch(readings(8, 9), { ports: shortened })
    assert.deepEqual(stage.observer.expiries, [{ fromOffset: 2, toOffset: 4 }])
    assert.deepEqual(await stage.state(ENTITY), { count: 2 + 5 })
  })

  it('rule 6: given a log that cannot be read, then the partition waits: a gap is never skipped', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 1))
    const log = { read: () => Promise.reject(new Unavailable('broker-unavailable', 'away')) }
    assert.equal((await stage.batch(readings(5, 6), { ports: { log } })).batchItemFailures.length, 2)
    assert.equal(stage.observer.waits[0]?.reason, 'broker-unavailable')
    assert.deepEqual(await stage.state(ENTITY), { count: 2 })
  })

  it('rule 6: whatever of a log is delivered, and however little a fetch brings, all of it is decided in order', async () => {
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

describe('rule 7: what is read beside the deliveries', () => {
  // That no consumer group notices needs a broker: test/integration/adapters/kafka-log-reader.test.ts.
  it('rule 7: it is committed in waves like everything else', async () => {
    const stage = new Stage()
    stage.inLog(readings(0, 1_200))
    await stage.batch(readings(0, 0))
    const marks = marksOf(stage)
    await stage.batch(readings(1_200, 1_200))
    assert.deepEqual(marks, [500, 1_000, 1_200])
  })
})

describe('rule 8: what must wait is told in the way that the mapping understands', () => {
  const away = () => Promise.reject(new Unavailable('store-unavailable', 'away'))

  it('rule 8: given a mapping without partial responses, when a partition must wait, then the handler throws', async () => {
    const stage = new Stage()
    const store = new MemoryStateStore()
    store.load = away
    const held = stage.batch([record(4, reading('a'))], { ports: { store }, partialResponses: false })
    await assert.rejects(held, { name: 'BatchHeld', message: /readings\.test\/0 from 4/ })
  })

  it('rule 8: given a mapping with them, then every record from the first undecided one on is named', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 1))
    stage.store.load = away
    const { batchItemFailures } = await stage.batch(readings(2, 5))
    assert.deepEqual(
      batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset),
      [2, 3, 4, 5],
    )
  })
})

describe('rule 9: what one commit takes', () => {
  const vast = (offset: number, bytes: number) => ({ ...record(offset, {}), value: Buffer.alloc(bytes, 1) })
  const withKey = (offset: number, bytes: number) => ({ ...vast(offset, 0), key: Buffer.alloc(bytes, 1) })
  const withHeader = (offset: number, bytes: number): LogRecord => ({
    ...vast(offset, 0),
    headers: [['h', Buffer.alloc(bytes, 1)]],
  })
  const table: [name: string, log: LogRecord[], marks: number[]][] = [
    ['500 records', readings(0, 1_000), [499, 999, 1_000]],
    ['4 MiB of values', [0, 1, 2, 3, 4].map(offset => vast(offset, 2 ** 21 - 1_000)), [1, 3, 4]],
    ['4 MiB of keys', [0, 1, 2, 3, 4].map(offset => withKey(offset, 2 ** 21 - 1_000)), [1, 3, 4]],
    ['4 MiB of headers', [0, 1, 2, 3, 4].map(offset => withHeader(offset, 2 ** 21 - 1_000)), [1, 3, 4]],
    ['one record, where that is larger', [vast(0, 5 * 2 ** 20), vast(1, 5 * 2 ** 20)], [0, 1]],
  ]
  for (const [name, log, marks] of table)
    it(`rule 9: ${name}`, async () => {
      const stage = new Stage()
      const seen = marksOf(stage)
      await stage.batch(log)
      assert.deepEqual(seen, marks)
    })
})

/** The mark of each commit from now on. */
function marksOf(stage: Stage): number[] {
  const marks: number[] = []
  const commit = stage.store.commit.bind(stage.store)
  stage.store.commit = (slot, change) => {
    marks.push(change.mark)
    return commit(slot, change)
  }
  return marks
}
