/** The behaviour that every implementation of `LogReader` has. Each reader's own test runs this suite on a log of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../lib/cloudevents/record.ts'
import type { LogReader, Stretch } from '../../lib/pipeline/ports.ts'

export interface LogUnderTest {
  readonly reader: LogReader
  readonly topic: string
  /** Of partition 1: ten records with keys `0` to `9`, at the offsets 0 to 9. */
  readonly partition: number
}

export function conformsAsLogReader(name: string, log: () => LogUnderTest): void {
  describe(`${name} as a reader of the log`, () => {
    it('given a stretch, then its records come in order, with all that they are', async () => {
      const { records, nextOffset } = await whole({ fromOffset: 2, toOffset: 4 })
      assert.deepEqual(records.map(keyOf), ['2', '3', '4'])
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

    it('given one offset, then that record comes', async () => {
      const { records } = await whole({ fromOffset: 9, toOffset: 9 })
      assert.deepEqual(records.map(keyOf), ['9'])
    })

    it('given a log that nothing has left, then it begins at 0', async () => {
      const { topic, partition, reader } = log()
      const { logStart } = await reader.read(topic, partition, { fromOffset: 5, toOffset: 5 })
      assert.equal(logStart, 0)
    })
  })

  /** The stretch, with as many fetches as it takes. */
  async function whole({ fromOffset, toOffset }: Stretch) {
    const { topic, partition, reader } = log()
    const records: LogRecord[] = []
    let nextOffset = fromOffset
    while (nextOffset <= toOffset) {
      const looked = await reader.read(topic, partition, { fromOffset: nextOffset, toOffset })
      assert.ok(looked.nextOffset > nextOffset, 'every look goes on')
      records.push(...looked.records.filter(({ offset }) => offset <= toOffset))
      nextOffset = Math.min(looked.nextOffset, toOffset + 1)
    }
    return { records, nextOffset }
  }
}

function keyOf({ key }: LogRecord): string {
  return String(key)
}
