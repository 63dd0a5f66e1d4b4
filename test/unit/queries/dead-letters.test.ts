import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deadLetterIn, findDeadLetter, listDeadLetters } from '../../../lib/queries/dead-letters.ts'
import { MemoryLogReader } from '../../../lib/runtime/testing/log-reader.ts'
import { letterRecord } from '../../support/dead-letters.ts'

const TOPIC = 'sluice.telemetry.dlq.local'
const at = (offset: number, changes: object = {}, type?: string) => ({
  ...letterRecord(changes, type),
  partition: 0,
  offset,
  timestampMs: offset,
})
const log = new MemoryLogReader([
  at(0),
  at(1, { consumer: 'alerting' }),
  at(2, {}, 'io.sluice.failure.v1'),
  at(3, { errorType: 'rejected' }),
  at(4),
])
const RANGES = [{ topic: TOPIC, partition: 0, start: 0, end: 5 }]

describe('dead letters', () => {
  it('given no filter, then the newest are listed, and all are counted', async () => {
    const { deadLetters, total, others } = await listDeadLetters(log, RANGES, { limit: 2 })
    assert.deepEqual(
      deadLetters.map(({ offset, code, entity }) => [offset, code, entity]),
      [
        [3, 'rejected', '/environment/vienna roof-1'],
        [4, 'schema-violated', '/environment/vienna roof-1'],
      ],
    )
    assert.deepEqual([total, others], [4, 1])
  })

  it('given a code and a consumer, then only what fits both is listed', async () => {
    const offsets = async (filter: object) =>
      (await listDeadLetters(log, RANGES, { limit: 9, ...filter })).deadLetters.map(({ offset }) => offset)
    assert.deepEqual(await offsets({ consumer: 'alerting' }), [1])
    assert.deepEqual(await offsets({ code: 'rejected' }), [3])
    assert.deepEqual(await offsets({ code: 'rejected', consumer: 'alerting' }), [])
  })

  it('given a signal that is aborted, then the search ends with what it has', async () => {
    const { total } = await listDeadLetters(log, RANGES, { limit: 9, signal: AbortSignal.abort() })
    assert.equal(total, 1)
  })

  it('given a place or an id, then that one is found, and another record is told apart from none', async () => {
    const kind = async (wanted: { id: string } | { partition: number; offset: number }) => {
      const answer = await findDeadLetter(log, RANGES, wanted)
      return answer.kind === 'found' ? answer.found.offset : answer.kind
    }
    assert.equal(await kind({ partition: 0, offset: 3 }), 3)
    assert.equal(await kind({ partition: 0, offset: 2 }), 'other-record')
    assert.equal(await kind({ partition: 0, offset: 5 }), 'none')
    assert.equal(await kind({ partition: 1, offset: 0 }), 'none')
    assert.equal(await kind({ id: 'x1' }), 0)
    assert.equal(await kind({ id: 'x2' }), 'none')
  })

  it('given what only lies in the same topic, then it is not a dead letter', () => {
    assert.ok(deadLetterIn(letterRecord()))
    assert.equal(deadLetterIn(letterRecord({}, 'io.sluice.failure.v1')), undefined)
    assert.equal(deadLetterIn(letterRecord({ error: undefined })), undefined)
    assert.equal(deadLetterIn({ ...letterRecord(), value: null }), undefined)
  })
})
