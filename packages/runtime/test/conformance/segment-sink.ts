/** Promises of a segment sink, for every store of its state. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../cloudevents/record.ts'
import { RetryableError } from '../../consumer/author-errors.ts'
import { reject } from '../../consumer/process.ts'
import { confirmSegment, type SegmentLimits } from '../../consumer/segment-sink.ts'
import { Unavailable } from '../../pipeline/errors.ts'
import type { StateStore } from '../../pipeline/ports.ts'
import { EMPTY_SELECTION } from '../../testing/empty-selection.ts'
import { Random } from '../../testing/random.ts'
import { ArchiveStage, archived } from '../support/archive.ts'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const log = (from: number, to: number) => range(from, to).map(offset => archived(offset))
const BY_TEN: SegmentLimits = { offsets: 10 }

/** @param newStore a store without any state, or with that of other consumers */
export function conformsAsSegmentSink(name: string, newStore: () => StateStore): void {
  const on = (limits: SegmentLimits, store = newStore()) => new ArchiveStage(store, limits)
  const appliedOffset = async ({ stage }: ArchiveStage) => {
    return (await stage.ports.store.load(stage.stateKey(), EMPTY_SELECTION)).version.appliedOffset
  }

  describe(`a segment sink, with its state in ${name}`, () => {
    it('given batches, then each block becomes one object when its last record comes, and not before', async () => {
      const archive = on(BY_TEN)
      assert.deepEqual(await archive.stage.batch(log(0, 6)), { batchItemFailures: [] })
      assert.deepEqual(archive.writes, [])
      await archive.stage.batch(log(7, 25))
      assert.deepEqual(archive.ranges, ['0-9', '10-19'])
      assert.equal(
        [...archive.objects.values()][0],
        range(0, 9)
          .map(at => `${at}:r${at}`)
          .join(' '),
      )
      assert.equal(await appliedOffset(archive), 19)
      await archive.stage.batch(log(26, 29))
      assert.deepEqual(archive.ranges, ['0-9', '10-19', '20-29'])
      // Reading the log is how it works, and no news.
      assert.deepEqual(
        [archive.stage.observer.list('range-read-back'), archive.stage.observer.waits],
        [[], []],
      )
      assert.deepEqual(new Set(archive.stage.outcomes), new Set(['applied/archived']))
    })

    it('given any batches, repeats and crashes, then the objects are the same', async () => {
      const records = randomLog(new Random(5))
      const limits = { offsets: 10, bytes: 4_000, spanMs: 40_000 }
      const expected = on(limits)
      for (const record of records) await expected.stage.batch([record])
      assert.ok(expected.ranges.length > 10, `${expected.ranges}`)
      for (const seed of range(1, 12)) {
        const archive = on(limits)
        await disturbed(archive, records, new Random(seed))
        assert.deepEqual(archive.ranges, expected.ranges, `seed ${seed}`)
        assert.deepEqual(archive.objects, expected.objects, `seed ${seed}`)
        assert.deepEqual(archive.changed, [])
      }
    })

    it('given a state that is lost, then the log is read again, and the same objects are written', async () => {
      const archive = on(BY_TEN)
      await archive.stage.batch(log(0, 34))
      const objects = new Map(archive.objects)
      const again = new ArchiveStage(newStore(), BY_TEN)
      again.stage.inLog(log(0, 34))
      await again.stage.batch(log(35, 41))
      assert.deepEqual([again.ranges.slice(0, 3), again.ranges.length], [archive.ranges, 4])
      for (const [object, contents] of objects) assert.equal(again.objects.get(object), contents)
    })

    it('given a limit in bytes, then segments end before it, and meet at the next block', async () => {
      const archive = on({ offsets: 10, bytes: 3_000 })
      const large = [2, 5, 7]
      const records = range(0, 21).map(at => archived(at, { padding: large.includes(at) ? 1_900 : 0 }))
      await archive.stage.batch(records)
      assert.deepEqual(archive.ranges.at(-1)?.split('-')[1], '19')
      assert.ok(archive.ranges.includes('10-14') || archive.ranges.length > 3, `${archive.ranges}`)
      isWhole(archive.ranges, 0, 19)
    })

    it('given a limit in time, then a segment ends before the record that was appended that much later', async () => {
      const archive = on({ offsets: 1_000, spanMs: 60_000 })
      const at = [0, 59, 60, 61, 119.999, 120, 500]
      for (const [offset, seconds] of at.entries())
        await archive.stage.batch([archived(offset, { at: seconds })])
      assert.deepEqual(archive.ranges, ['0-1', '2-4', '5-5'])
    })

    it('given first records that never come at the start of a span, then they are archived too', async () => {
      const archive = on({ offsets: 1_000, spanMs: 60_000 })
      for (const offset of range(0, 20))
        await archive.stage.batch([archived(offset, { at: 45 + 60 * offset })])
      assert.equal(archive.ranges[0], '0-0')
    })

    it('given offsets without records, then the blocks are where they would be with them', async () => {
      const archive = on(BY_TEN)
      const offsets = [0, 3, 8, 12, 27, 28, 45]
      await archive.stage.batch(offsets.map(offset => archived(offset)))
      assert.deepEqual(archive.ranges, ['0-8', '12-12', '27-28'])
    })

    it('given a batch that cannot complete a segment, then the log is not read', async () => {
      const archive = on(BY_TEN)
      let reads = 0
      const { log: reader } = archive.stage.ports
      const ports = {
        log: {
          read: (...args: Parameters<typeof reader.read>) => {
            reads += 1
            return reader.read(...args)
          },
        },
      }
      for (const offset of range(0, 8))
        await archive.stage.batch([archived(offset, { at: 1_800 })], { ports })
      assert.equal(reads, 0)
      await archive.stage.batch([archived(9, { at: 1_800 })], { ports })
      assert.deepEqual([archive.ranges, reads > 0], [['0-9'], true])
    })

    for (const [given, error, reason] of [
      ['that fails', new Error('disk full'), 'unexpected-error'],
      ['that cannot be reached', new RetryableError('no line'), 'receiver-unavailable'],
    ] as const)
      it(`given a destination ${given}, then it is tried three times, and then the segment waits`, async () => {
        const archive = on(BY_TEN)
        let failures = 2
        archive.answer = () => {
          if (failures-- > 0) throw error
          return confirmSegment('archived')
        }
        const waits: number[] = []
        const pause = async (ms: number) => void waits.push(ms)
        await archive.stage.batch(log(0, 9), { pause })
        assert.deepEqual([archive.ranges, waits], [['0-9'], [2_000, 4_000]])
        const { observer } = archive.stage
        const tries = () => observer.list('offer-failed')
        assert.deepEqual(
          tries(),
          [1, 2].map(attempt => ({ attempt, of: 3, records: 10, offset: 0, cause: { error } })),
        )
        failures = 3
        await archive.stage.batch(log(10, 19), { pause })
        const [wait] = observer.waits
        assert.deepEqual([archive.ranges, tries().length, wait?.reason], [['0-9'], 5, reason])
        assert.equal(wait?.error, error, 'the report lacks its cause')
        // No time to wait: it is not tried again.
        failures = 2
        await archive.stage.batch(log(10, 19), { pause, remainingMs: () => 4_000 })
        assert.deepEqual([archive.ranges, tries().length], [['0-9'], 6])
        await archive.stage.batch(log(10, 19), { pause })
        assert.deepEqual(archive.ranges, ['0-9', '10-19'])
      })

    it('given repeats, poison and rejected events, then the object has the rest, and each failure is sent', async () => {
      const archive = on(BY_TEN)
      archive.answer = ({ events }) =>
        confirmSegment(
          'archived',
          new Map(
            events.filter(({ event }) => event.id === 'bad').map(({ offset }) => [offset, reject('too odd')]),
          ),
        )
      const records = log(0, 10)
      records[3] = archived(3, { id: 'r1' })
      records[4] = { ...archived(4), value: Buffer.from('no event'), headers: [] }
      records[6] = archived(6, { id: 'bad' })
      records[7] = archived(7, { id: 'bad' })
      records[8] = archived(8, { id: 'bad', temperature: 99 })
      await archive.stage.batch(records)
      assert.equal([...archive.objects.values()][0], [0, 1, 2, 5, 9].map(at => `${at}:r${at}`).join(' '))
      const failures = archive.stage.events.map(
        ({ data }) => data as { errorType: string; originalOffset: number },
      )
      assert.deepEqual(
        failures.map(({ errorType, originalOffset }) => `${errorType} ${originalOffset}`),
        ['not-a-cloudevent 4', 'rejected 6', 'rejected 7', 'id-conflict 8'],
      )
      assert.deepEqual(
        archive.stage.outcomes.filter(outcome => outcome.startsWith('duplicate')),
        ['duplicate/id-known'],
      )
    })

    for (const [what, answer] of [
      ['that throws', () => assert.fail('a bug')],
      ['that answers nothing', () => ({ kind: 'nothing', rejected: new Map() }) as never],
    ] as const)
      it(`given a sink ${what}, then nothing is decided and the partition waits`, async () => {
        const archive = on(BY_TEN)
        archive.answer = answer
        assert.equal((await archive.stage.batch(log(0, 12))).batchItemFailures.length, 13)
        assert.equal(archive.stage.observer.waits[0]?.reason, 'unexpected-error')
        assert.deepEqual([archive.stage.outcomes, archive.stage.events], [[], []])
      })

    it('given two invocations at once, then the same object is written, and the records are decided once', async () => {
      const archive = on(BY_TEN)
      archive.stage.inLog(log(0, 19))
      await Promise.all([archive.stage.batch(log(0, 19)), archive.stage.batch(log(5, 19))])
      assert.deepEqual([archive.ranges, archive.changed], [['0-9', '10-19'], []])
      assert.equal(archive.stage.outcomes.length, 20)
    })

    it('given records that expired before being archived, then this is reported and the range starts later', async () => {
      const archive = on(BY_TEN)
      await archive.stage.batch(log(0, 9))
      const short = new ArchiveStage(archive.stage.ports.store, BY_TEN)
      Object.assign(short.stage.consumer.process, { name: archive.stage.consumer.process.name })
      short.stage.inLog(log(14, 20))
      await short.stage.batch(log(18, 20))
      assert.deepEqual(short.ranges, ['14-19'])
      assert.deepEqual(short.stage.observer.list('expired'), [{ fromOffset: 10, toOffset: 13 }])
    })

    it('given a segment of the largest number of offsets, then it is one commit', async () => {
      const archive = on({ offsets: 5_000, bytes: 64 * 1024 * 1024, spanMs: 24 * 3_600_000 })
      for (const from of [0, 2_500]) await archive.stage.batch(log(from, from + 2_499))
      assert.deepEqual(archive.ranges, ['0-4999'])
      await archive.stage.batch(log(4_990, 4_999))
      assert.deepEqual(
        [archive.writes.length, archive.stage.observer.list('redelivered')],
        [1, [{ records: 10 }]],
      )
    })
  })
}

/** 200 records with holes, repeats, poison, large ones and pauses. */
function randomLog(random: Random): LogRecord[] {
  let [offset, at] = [0, 0]
  return range(0, 199).map(() => {
    offset += random.chance(0.05) ? random.between(2, 14) : 1
    at += random.chance(0.05) ? 50 : random.between(0, 2)
    const id = random.chance(0.1) ? `r${random.between(0, offset)}` : `r${offset}`
    const record = archived(offset, { at, id, padding: random.chance(0.1) ? 1_800 : 0 })
    return random.chance(0.05) ? { ...record, headers: [] } : record
  })
}

/** Delivers the records in batches of any size, some twice, some late, while the store fails now and then. */
async function disturbed(
  { stage }: ArchiveStage,
  records: readonly LogRecord[],
  random: Random,
): Promise<void> {
  const { store } = stage.ports
  stage.inLog(records)
  /** Wraps a call so that it fails now and then, before or after it has changed the store. */
  const failing =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (random.chance(0.2)) throw new Unavailable('store-unavailable', 'away')
      const result = await call(...args)
      if (random.chance(0.2)) throw new Unavailable('store-unavailable', 'no answer')
      return result
    }
  const faulty: StateStore = {
    load: (...args) => store.load(...args),
    commit: failing(store.commit.bind(store)),
    trimOutbox: failing(store.trimOutbox.bind(store)),
  }
  for (let at = 0; at < records.length; ) {
    const batch = records.slice(Math.max(0, at - random.between(0, 5)), at + random.between(1, 40))
    const { batchItemFailures } = await stage.batch(batch, { ports: { store: faulty } })
    const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)
    const { outbox } = await store.load(stage.stateKey(), EMPTY_SELECTION)
    if (failed.length === 0) assert.deepEqual(outbox, [], 'a batch that has succeeded is published')
    const next = records.findIndex(({ offset }) => offset > (batch.at(-1) as LogRecord).offset)
    const first = failed.length > 0 ? Math.min(...failed) : undefined
    at =
      first === undefined
        ? next < 0
          ? records.length
          : next
        : records.findIndex(({ offset }) => offset === first)
  }
  // Records that failed at the end are delivered again.
  await stage.batch(records.slice(-1))
}

/** Checks that the ranges meet, from the first offset to the last. */
function isWhole(ranges: readonly string[], first: number, last: number): void {
  const ends = ranges.map(text => text.split('-').map(Number) as [number, number])
  assert.equal(ends[0]?.[0], first)
  assert.equal(ends.at(-1)?.[1], last)
  for (const [index, [from]] of ends.slice(1).entries()) assert.equal(from, (ends[index]?.[1] ?? 0) + 1)
}
