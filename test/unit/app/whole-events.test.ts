import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isFailure, isStructured, readAnyEvent } from '#runtime/cloudevents'
import { plainRecords } from '#runtime/pipeline'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { readConfig } from '../../../control/environment/config.ts'
import { dataReader } from '../../../lib/app/data/data-reader.ts'
import { toHistoryRows, toOriginalRecord } from '../../../lib/history/row.ts'
import { Stage } from '../../support/stage.ts'

const EVENT = { specversion: '1.0', ...environmentReading('a') }
const READER = dataReader(readConfig({ KAFKA_BROKERS: 'b:1', REDIS_URL: 'redis://r:1' }))
const READINGS = 'sluice.telemetry.readings.test'

function text(value: object, topic = READINGS, headers: readonly [string, string][] = []) {
  const bytes = headers.map(([name, text]) => [name, Buffer.from(text)] as const)
  return {
    ...logRecord(0, environmentReading('a')),
    topic,
    value: Buffer.from(JSON.stringify(value)),
    headers: bytes,
  }
}

const without = (name: keyof typeof EVENT) => ({ ...EVENT, [name]: undefined })

describe('an event that its producer writes as text, without headers', () => {
  for (const [given, record, found] of [
    ['in readings', text(EVENT), EVENT.id],
    ['in readings with headers of others', text(EVENT, READINGS, [['trace', '1']]), EVENT.id],
    ['in another topic of Sluice', text(EVENT, 'sluice.telemetry.failures.test'), 'not-a-cloudevent'],
    [
      'with a content type',
      text(EVENT, READINGS, [['content-type', 'application/json']]),
      'not-a-cloudevent',
    ],
    ['with a header of an attribute', text(EVENT, READINGS, [['ce_site', 'x']]), 'malformed-event'],
    ['without a type', text(without('type')), 'not-a-cloudevent'],
    ['of another version', text({ ...EVENT, specversion: '0.3' }), 'malformed-event'],
  ] as const)
    it(`given one ${given}, then it is read as ${found}`, () => {
      const read = readAnyEvent(record, READER.takesWholeEvents)
      assert.equal(isFailure(read) ? read.code : read.id, found)
    })

  it('given one in readings, then consumers apply it, and the history and lookers have its event', async () => {
    assert.deepEqual(
      [isStructured(text(EVENT)), isStructured(logRecord(0, environmentReading('a')))],
      [true, false],
    )
    const stage = new Stage()
    await stage.batch([text(EVENT)])
    assert.deepEqual(stage.outcomes, ['applied/counted'])
    const [row] = await toHistoryRows([text(EVENT)], READER)
    assert.deepEqual([row?.event?.id, row?.raw], [EVENT.id, undefined])
    const [plain] = await plainRecords([text(EVENT)], READER)
    for (const record of [plain, row && toOriginalRecord(row)]) {
      const read = record && readAnyEvent(record)
      assert.equal(read && !isFailure(read) && read.id, EVENT.id)
    }
  })
})
