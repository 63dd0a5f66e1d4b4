import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EndedFailures } from '../../ledger/count/ended.ts'
import { isForeign } from '../../ledger/count/input.ts'
import { Violations } from '../../ledger/count/violations.ts'
import type { KafkaRecord } from '../../ledger/kafka/records.ts'

const ENDED = { consumer: 'parking', failure: 'f', attempt: 3 }
const KEY = Buffer.from('story-1')

function record(content: Partial<KafkaRecord> = {}, data: object = ENDED): KafkaRecord {
  const attributes = { id: 'e1', source: '/consumers/parking', type: 'io.sluice.failure.ended.v1' }
  const headers = Object.entries(attributes).map(
    ([name, value]) => [`ce_${name}`, Buffer.from(value)] as const,
  )
  const value = Buffer.from(JSON.stringify(data))
  return { partition: 4, offset: 9, timestampMs: 0, key: KEY, value, headers, ...content }
}

/** Where the failure of partition 4 is to have ended. */
function kinds(published: readonly KafkaRecord[], wanted = true): readonly string[] {
  const violations = new Violations()
  const ended = new EndedFailures(violations)
  for (const one of published) ended.published(one)
  if (wanted) ended.want('e1', 4, KEY.toString('base64'), ENDED)
  ended.end()
  return violations.kinds
}

const WRONG = 'ends of failures that are missing or wrong'

describe('the count of failures that have ended', () => {
  it('given the end of a failure, and a copy of it, then nothing is wrong, and no other producer wrote it', () => {
    assert.deepEqual(kinds([record(), record({ offset: 10 })]), [])
    assert.equal(isForeign(record()), false)
  })

  const wrong: [name: string, published: readonly KafkaRecord[]][] = [
    ['none', []],
    ['one in another partition', [record({ partition: 5 })]],
    ['one with another key', [record({ key: null })]],
    ['one of another attempt', [record({}, { ...ENDED, attempt: 2 })]],
  ]
  for (const [name, published] of wrong)
    it(`given ${name}, then that is found, and nothing else`, () => {
      assert.deepEqual(kinds(published), [WRONG])
    })

  it('given a failure that has not ended, then its end is found', () => {
    assert.deepEqual(kinds([record()], false), ['ends of failures that have not ended'])
  })

  it('given a copy with other contents, then that is found', () => {
    const other = record({}, { ...ENDED, attempt: 1 })
    assert.ok(kinds([other, record()]).includes('repeated ends of failures with other contents'))
  })
})
