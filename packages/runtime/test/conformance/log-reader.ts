/** The behaviour that every `LogReader` must have. The test of each implementation runs this suite on its own log. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { estimateSize, type LogRecord } from '../../cloudevents/record.ts'
import type { OffsetRange } from '../../pipeline/model/log.ts'
import { type LogReader, MAX_READ_BYTES } from '../../pipeline/ports.ts'
import { ODD_LOG_END, oddRecords } from './odd-log.ts'

export interface LogUnderTest {
  readonly reader: LogReader
  readonly topic: string
  /** A partition with ten records: keys `0` to `9` at offsets 0 to 9. */
  readonly partition: number
  /** A topic whose partition 0 holds a committed transaction, an aborted one, and `ODD_BATCHES`. */
  readonly oddTopic: string
  /** A topic whose partition 0 holds `LARGE_VALUES` from offset 0 on, as one compressed batch. */
  readonly largeTopic: string
}

/** Two of the first ones fit into one read, three do not, and the last one alone is larger. */
export const LARGE_VALUES: readonly Buffer[] = [1.5, 1.5, 1.5, 2, 4.5].map(mib =>
  Buffer.alloc(mib * 1024 * 1024, 'x'),
)

export function conformsAsLogReader(name: string, log: () => LogUnderTest): void {
  describe(`${name} as a reader of the log`, () => {
    it('given a range, then it returns its records in order and complete', async () => {
      const { records, nextOffset } = await whole({ fromOffset: 2, toOffset: 4 })
      assert.deepEqual(records.map(formatKey), ['2', '3', '4'])
      assert.equal(nextOffset, 5)
      const { topic, partition } = log()
      const [first] = records
      assert.deepEqual(
        { ...first, timestampMs: undefined },
        {
          topic,
          partition,
          offset: 2,
          timestampMs: undefined,
          key: Buffer.from('2'),
          value: Buffer.from('value 2'),
          headers: [['name', Buffer.from('header 2')]],
        },
      )
      assert.ok((first as LogRecord).timestampMs > 0)
    })

    it('given a text, then every record that holds it is returned, and the whole range is covered', async () => {
      const { topic, partition, reader } = log()
      for (const [text, keys] of [
        ['value 7', ['7']],
        ['header', ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']],
        ['nowhere', []],
      ] as const) {
        const found: string[] = []
        let next = 0
        for (let reads = 0; next < 10; reads++) {
          assert.ok(reads < 10, 'every read makes progress')
          const range = { fromOffset: next, toOffset: 9 }
          const { records, nextOffset } = await reader.read(topic, partition, range, text)
          const holding = records.filter(record =>
            [record.value, record.headers[0]?.[1]].join().includes(text),
          )
          found.push(...holding.map(formatKey))
          next = nextOffset
        }
        assert.deepEqual([found, next], [keys, 10])
      }
    })

    it('given a topic, then its identity stays the same, and another topic has another', async () => {
      const { topic, oddTopic, reader } = log()
      const identity = await reader.identity?.(topic)
      assert.ok(identity && identity.topicId !== '' && identity.cluster !== '')
      assert.deepEqual(await reader.identity?.(topic), identity)
      assert.notEqual((await reader.identity?.(oddTopic))?.topicId, identity.topicId)
    })

    it('given one offset, then it returns that record', async () => {
      const { records } = await whole({ fromOffset: 9, toOffset: 9 })
      assert.deepEqual(records.map(formatKey), ['9'])
    })

    it('given a log from which nothing has expired, then it starts at 0', async () => {
      const { topic, partition, reader } = log()
      const { logStart } = await reader.read(topic, partition, { fromOffset: 5, toOffset: 5 })
      assert.equal(logStart, 0)
    })

    it('given odd records in every codec, then each is returned once, unchanged or marked as too large', async () => {
      const { oddTopic } = log()
      const { records } = await whole({ fromOffset: 0, toOffset: ODD_LOG_END - 1 }, oddTopic, 0)
      const [first, ...rest] = records
      const [wanted, ...others] = oddRecords(oddTopic, 0)
      assert.deepEqual({ ...first, timestampMs: 0 }, { ...wanted, timestampMs: 0 })
      assert.equal(rest.length, others.length)
      // Compared one by one, because the test runner is slow to print the difference between long lists.
      for (const [n, record] of rest.entries())
        assert.ok(isDeepStrictEqual(record, others[n]), describeRecord(record))
    })

    it('given any offset of that log, then the first record at or after it is returned first', async () => {
      const { oddTopic, reader } = log()
      const expected = oddRecords(oddTopic, 0)
      for (const fromOffset of [1, 2, 3, 5, 6, 7, 9, 14, 17, 22, ODD_LOG_END - 1]) {
        const { records } = await reader.read(oddTopic, 0, { fromOffset, toOffset: ODD_LOG_END - 1 })
        const first = expected.find(({ offset }) => offset >= fromOffset)
        // A fetch may return transaction markers only.
        if (records[0]) assert.equal(records[0].offset, first?.offset)
        else assert.ok(fromOffset < 4)
      }
    })

    it('given more large records than one read may return, then several reads return them, none too much', async () => {
      const { largeTopic, reader } = log()
      const lastOffset = LARGE_VALUES.length - 1
      const read: LogRecord[] = []
      for (let fromOffset = 0; fromOffset <= lastOffset; ) {
        const range = { fromOffset, toOffset: lastOffset }
        const { records, nextOffset } = await reader.read(largeTopic, 0, range)
        const bytes = records.reduce((sum, record) => sum + estimateSize(record), 0)
        const isBounded = bytes <= MAX_READ_BYTES || records.length === 1
        assert.ok(isBounded, `${records.length} records have ${bytes} bytes`)
        read.push(...records)
        fromOffset = nextOffset
      }
      assert.deepEqual(
        read.map(({ value }) => value?.length),
        LARGE_VALUES.map(({ length }) => length),
      )
    })

    it('given an offset beyond the end, which only another log can have, then it rejects', async () => {
      const { topic, partition, reader } = log()
      const beyond = reader.read(topic, partition, { fromOffset: 20, toOffset: 20 })
      await assert.rejects(beyond, { name: 'PartitionStopped', code: 'another-log' })
      // The reader still works afterwards.
      assert.equal((await reader.read(topic, partition, { fromOffset: 9, toOffset: 9 })).records.length, 1)
    })
  })

  /** Reads the whole range with as many fetches as necessary. */
  async function whole(
    { fromOffset, toOffset }: OffsetRange,
    topic = log().topic,
    partition = log().partition,
  ) {
    const { reader } = log()
    const records: LogRecord[] = []
    let nextOffset = fromOffset
    while (nextOffset <= toOffset) {
      const looked = await reader.read(topic, partition, { fromOffset: nextOffset, toOffset })
      assert.ok(looked.nextOffset > nextOffset, 'every read makes progress')
      records.push(...looked.records.filter(({ offset }) => offset <= toOffset))
      nextOffset = Math.min(looked.nextOffset, toOffset + 1)
    }
    return { records, nextOffset }
  }
}

function formatKey({ key }: LogRecord): string {
  return String(key)
}

function describeRecord({ offset, key, value, headers, oversizeBytes }: LogRecord): string {
  const names = headers.slice(0, 6).map(([name]) => name)
  return JSON.stringify({ offset, key: String(key), value: value?.length, names, oversizeBytes })
}
