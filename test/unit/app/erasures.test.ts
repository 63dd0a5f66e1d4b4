/** Erasures of entities in a log that an earlier version has written. */
import '../../support/shipped-config.ts'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decode } from '#runtime/pipeline'
import { erased, environmentReading as reading, logRecord as record } from '#runtime/test/support/records'
import { loadAnyConsumer } from '../../../cli/recomputation/consumer.ts'
import { readFunctions } from '../../../control/environment/function-entries.ts'
import { createViews } from '../../../control/sql/views.ts'
import { alerting } from '../../../lib/alerting/process.ts'
import { schemaViolation } from '../../../lib/app/data/schema-violation.ts'
import { resolveSignals } from '../../../lib/app/naming/topic-table.ts'
import { isRowOfStream } from '../../../lib/views/stream-events.ts'
import { rulesFrom } from '../../support/alerting-log.ts'
import { FAMILIES } from '../../support/families.ts'
import { Stage } from '../../support/stage.ts'

const ERASED = erased('s-1')

describe('given an erasure in the log of an earlier version', () => {
  const topics = resolveSignals(['erased'])
  const readers = readFunctions().filter(({ consumes }) => consumes.some(topic => topics.includes(topic)))
  for (const { name } of readers)
    it(`then ${name} ignores it`, async () => {
      const consumer = await loadAnyConsumer(name, {
        KAFKA_BROKERS: 'x:1',
        REDIS_URL: 'redis://x',
        HISTORY_BUCKET: 'xyz',
      })
      const decoded = decode(record(7, ERASED), consumer)
      // The archiver writes every record, whatever is in it.
      const reason = name === 'archiver' ? 'archived' : 'erasure'
      assert.deepEqual([decoded.kind, 'reason' in decoded && decoded.reason], ['ignored', reason])
    })

  // Promise docs/reprocess.md#where-it-begins
  it('then the state of its entity stays, and its alert fires on', async () => {
    const stage = new Stage(alerting(FAMILIES, rulesFrom([{ name: 'HOT', fireAbove: 40 }])))
    const hot = (at: number) => reading(`r${at}`, { at, temperature: 50 })
    await stage.batch([record(0, hot(0)), record(1, ERASED), record(2, hot(1))])
    assert.deepEqual(stage.outcomes, ['applied/fired', 'ignored/erasure', 'applied/unchanged'])
    assert.equal(stage.events.length, 1)
  })

  it('then it fits its schema, and is a row of no stream and of no table in SQL', () => {
    assert.equal(schemaViolation(FAMILIES, ERASED.type, ERASED.data), undefined)
    assert.equal(isRowOfStream({}, ERASED), false)
    const files = { readings: '', events: '', alerts: '', analytics: '', dead_letters: '' }
    const [readings = ''] = createViews(FAMILIES, new Map(), files, {})
    assert.match(readings, /WHERE type NOT IN \(.*'io\.sluice\.entity\.erased\.v1'/)
  })
})
