import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { partitionBytes, recordBytes } from '../../invoke/event-size.ts'
import { lambdaEvent, lambdaRecord } from './event-object.ts'

// Promise packages/msk-trigger/RULES.md#rule 8
describe('the size of an event (rules 1, 8)', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array))
  const messages = fc.array(
    fc.record({
      key: fc.option(bytes),
      value: fc.option(bytes),
      timestamp: fc.nat().map(String),
      offset: fc.nat().map(String),
      headers: fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(bytes, fc.array(bytes))),
      batchContext: fc.record({ timestampType: fc.constantFrom(0, 1) }),
    }),
    { minLength: 1, maxLength: 5 },
  )

  it('equals the length of the JSON, except for the commas after the last items', () => {
    const mapping = { kind: 'msk', topic: 'topic', eventSourceArn: 'arn' } as const
    fc.assert(
      fc.property(fc.array(messages, { minLength: 1, maxLength: 3 }), parts => {
        const event = lambdaEvent(
          mapping,
          ['h:1'],
          parts.map(
            (list, partition) =>
              [partition, list.map(value => lambdaRecord('topic', partition, value))] as const,
          ),
        )
        let counted = JSON.stringify(lambdaEvent(mapping, ['h:1'], [])).length
        for (const [partition, list] of parts.entries()) {
          counted += partitionBytes('topic', partition)
          for (const value of list) counted += recordBytes('topic', partition, value)
        }
        assert.equal(counted - parts.length - 1, Buffer.byteLength(JSON.stringify(event)))
      }),
    )
  })
})
