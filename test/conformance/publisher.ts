/** The behaviour that every implementation of `Publisher` has. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OutgoingRecord } from '../../lib/cloudevents/record.ts'
import { type Publisher, RecordRefused } from '../../lib/pipeline/ports.ts'

/** A publisher and its topic of one partition, empty at first, that takes messages of 2 MiB. */
export interface PublisherUnderTest {
  readonly publisher: Publisher
  readonly topic: string
  /** What the topic holds, in order. */
  read(): Promise<readonly Pick<OutgoingRecord, 'key' | 'value' | 'headers'>[]>
}

export function conformsAsPublisher(name: string, prepare: () => Promise<PublisherUnderTest>): void {
  describe(`${name} as a publisher`, () => {
    it('given records, when it resolves, then all of them are there: keys, values and headers byte for byte', async () => {
      const { publisher, topic, read } = await prepare()
      const bytes = Buffer.from([0, 255, 128])
      const headers = [
        ['ce_id', Buffer.from('1')],
        ['twice', bytes],
        ['twice', Buffer.alloc(0)],
      ] as const
      await publisher.publish([{ topic, key: bytes, value: bytes, headers }])
      assert.deepEqual(await read(), [{ key: bytes, value: bytes, headers }])
    })

    it('given no key or no value, then there is none', async () => {
      const { publisher, topic, read } = await prepare()
      await publisher.publish([{ topic, key: null, value: null, headers: [] }])
      assert.deepEqual(await read(), [{ key: null, value: null, headers: [] }])
    })

    it('given several calls at once, then the records are in the order of the calls', async () => {
      const { publisher, topic, read } = await prepare()
      const numbered = Array.from({ length: 20 }, (_, call) =>
        Array.from({ length: 5 }, (_, index) => ({
          topic,
          key: null,
          value: Buffer.from(`${call}.${index}`),
          headers: [],
        })),
      )
      await Promise.all(numbered.map(records => publisher.publish(records)))
      assert.deepEqual(
        (await read()).map(({ value }) => String(value)),
        numbered.flat().map(({ value }) => String(value)),
      )
    })

    it('given more than a topic takes as one message, then all of it arrives, in order', async () => {
      const { publisher, topic, read } = await prepare()
      const large = Array.from({ length: 500 }, (_, index) => {
        const value = Buffer.alloc(10_000, 46)
        value.write(String(index))
        return { topic, key: Buffer.from('k'), value, headers: [] }
      })
      await publisher.publish(large)
      const numbers = (await read()).map(({ value }) => Number.parseInt(String(value?.subarray(0, 3)), 10))
      assert.deepEqual(
        numbers,
        large.map((_, index) => index),
      )
    })

    it('given a record that its topic never takes, then it is refused for good, and what comes after it is taken', async () => {
      const { publisher, topic, read } = await prepare()
      const large = { topic, key: null, value: Buffer.alloc(3 * 2 ** 20), headers: [] }
      await assert.rejects(publisher.publish([large]), RecordRefused)
      await publisher.publish([{ ...large, value: Buffer.from('small') }])
      assert.deepEqual(
        (await read()).map(({ value }) => String(value)),
        ['small'],
      )
    })

    it('given nothing, then that is no error', async () => {
      const { publisher, read } = await prepare()
      await publisher.publish([])
      assert.deepEqual(await read(), [])
    })
  })
}
