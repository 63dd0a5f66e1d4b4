/** The behaviour that every `Publisher` must have. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rejection } from '@sluice/test-kit/rejection'
import type { OutgoingRecord } from '../../cloudevents/record.ts'
import { RecordRefused } from '../../pipeline/errors.ts'
import type { Publisher } from '../../pipeline/ports.ts'

/** A publisher, and an empty topic with one partition that accepts messages of 2 MiB. */
export interface PublisherUnderTest {
  readonly publisher: Publisher
  readonly topic: string
  /** Reads all records of the topic, in order. */
  read(): Promise<readonly Pick<OutgoingRecord, 'key' | 'value' | 'headers'>[]>
}

export function conformsAsPublisher(name: string, prepare: () => Promise<PublisherUnderTest>): void {
  describe(`${name} as a publisher`, () => {
    it('given records, when it resolves, then all are in the topic, byte for byte', async () => {
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

    it('given a partition that the topic does not have, then it is refused, and the others are written', async () => {
      const { publisher, topic, read } = await prepare()
      const record = { topic, key: null, value: Buffer.from('here'), headers: [] }
      const refused = await rejection(publisher.publish([record, { ...record, partition: 7 }]))
      assert.ok(refused instanceof RecordRefused, String(refused))
      assert.match(refused.message, /has 1 partitions, so partition 7/)
      await publisher.publish([{ ...record, partition: 0 }])
      assert.ok((await read()).every(({ value }) => String(value) === 'here'))
    })

    it('given no key or no value, then it is null in the topic', async () => {
      const { publisher, topic, read } = await prepare()
      await publisher.publish([{ topic, key: null, value: null, headers: [] }])
      assert.deepEqual(await read(), [{ key: null, value: null, headers: [] }])
    })

    it('given concurrent calls, then the records are in the order of the calls', async () => {
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

    it('given more bytes than fit into one message, then all records arrive in order', async () => {
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

    it('given a record that is too large for its topic, then it is refused, and later ones are accepted', async () => {
      const { publisher, topic, read } = await prepare()
      const large = { topic, key: null, value: Buffer.alloc(3 * 2 ** 20), headers: [] }
      await assert.rejects(publisher.publish([large]), RecordRefused)
      await publisher.publish([{ ...large, value: Buffer.from('small') }])
      assert.deepEqual(
        (await read()).map(({ value }) => String(value)),
        ['small'],
      )
    })

    it('given no records, then it resolves', async () => {
      const { publisher, read } = await prepare()
      await publisher.publish([])
      assert.deepEqual(await read(), [])
    })
  })
}
