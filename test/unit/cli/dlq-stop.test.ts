import assert from 'node:assert/strict'
import { it } from 'node:test'
import { MemoryLogReader } from '#runtime/testing/memory-log-reader.ts'
import { selectDeadLetters } from '../../../lib/operations/dead-letters/selection.ts'
import { deadLetterRecord } from '../../support/dead-letters.ts'
import { FAMILIES } from '../../support/families.ts'

const RECORDS = Array.from({ length: 50 }, (_, offset) => ({
  ...deadLetterRecord({}, undefined, `y${offset}`),
  partition: 0,
  offset,
}))

it('given Ctrl-C while dead letters are selected, then it ends at once, and no part looks like the whole', async () => {
  const log = new MemoryLogReader(RECORDS, 1)
  let reads = 0
  const read: MemoryLogReader['read'] = (...args) => {
    reads++
    return log.read(...args)
  }
  const source = {
    families: FAMILIES,
    topic: 'sluice.telemetry.dlq.local',
    log: { read },
    bounds: async () => [{ start: 0, end: RECORDS.length }],
  }
  const stop = AbortSignal.abort('stopped')
  const selected = selectDeadLetters(source, { ats: [], filter: {} }, stop)
  await assert.rejects(selected, error => error === 'stopped')
  assert.ok(reads <= 3, `${reads} reads`)
})
