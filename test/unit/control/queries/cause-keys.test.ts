import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writeEvent } from '#runtime/cloudevents'
import { type Event, formatEntity } from '#runtime/consumer'
import { formatOrigin } from '#runtime/pipeline'
import { createSequence } from '#runtime/test/support/inside'
import { environmentReading } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { findCauseKey, listCauseKeys } from '../../../../control/queries/alerts/cause-keys.ts'
import {
  type Alert,
  emitAlert,
  firedAlert,
  heldAlert,
  resolvedAlert,
  silentAlert,
} from '../../../../lib/alerting/alert.ts'
import { collectEmission } from '../../../support/step-calls.ts'
import { createRule } from '../../alerting/support.ts'

const RULE = createRule({ fireAbove: 40, for: '1m' })
const began = environmentReading('began', { at: 60, temperature: 41 })
const hot = environmentReading('hot', { at: 120, temperature: 42 })
const other = environmentReading('other', { at: 120, temperature: 42, sensor: 's-10' })
const firing = {
  ...{ value: 42, threshold: 40 },
  ...{ activeAtMs: Date.parse(began.time ?? ''), firedAtMs: Date.parse(hot.time ?? '') },
}
const entity = { ...hot, entity: formatEntity(hot) }
const fired = firedAlert(RULE, entity, firing)

/** Extensions of an event that a consumer emitted at a record. */
function emittedAt(consumer: string, topic: string, offset: number, takeoverMs?: number) {
  const origin = formatOrigin({ consumer, topic, partition: 3 }, { cluster: 'c', topicId: '1' })
  return createSequence({ offset, index: 0, origin, ...(takeoverMs === undefined ? {} : { takeoverMs }) })
}

function createRecord(topic: string, offset: number, event: Event) {
  return { topic, partition: 3, offset, timestampMs: offset, key: null, ...writeEvent(event) }
}

interface Case {
  readonly alert?: Alert
  readonly at: Record<string, string>
  /** Events at the position 3@7 of other topics. */
  readonly between?: Readonly<Record<string, Event>>
  readonly topic?: string
}

/** Returns which of the readings at 3@5 to 3@7 has the alert. */
async function findCause({ alert = fired, at, between = {}, topic = 'readings' }: Case) {
  const log = new MemoryLogReader(
    Object.entries(between).map(([name, event]) => createRecord(name, 7, event)),
  )
  const emission = collectEmission(step => emitAlert(step, alert, entity))
  const event: Event = { id: 'a', source: '/alerting', type: emission.type, data: alert, extensions: at }
  const key = await findCauseKey(log, topic, alert, event)
  const readings = [began, other, hot].map((reading, index) => createRecord(topic, 5 + index, reading))
  const found = readings.filter((record, index) => {
    return key !== undefined && listCauseKeys(record, [began, other, hot][index] as Event).includes(key)
  })
  return found.map(({ offset }) => offset)
}

describe('given an alert, when the record that caused it is looked for', () => {
  it('then it is the record at which it was emitted, whether it fires or resolves', async () => {
    const at = emittedAt('alerting', 'readings', 7)
    assert.deepEqual(await findCause({ at }), [7])
    assert.deepEqual(await findCause({ at, alert: resolvedAlert(fired, firing.firedAtMs, 'cleared') }), [7])
  })

  it('then it is no record of another entity, at which only a timer was due', async () => {
    const at = emittedAt('alerting', 'readings', 6)
    assert.deepEqual(await findCause({ at, alert: resolvedAlert(fired, firing.firedAtMs, 'cleared') }), [])
  })

  it('given that a duration ended, then it is the reading at which the duration began', async () => {
    const at = emittedAt('alerting', 'readings', 6)
    assert.deepEqual(await findCause({ at, alert: heldAlert(RULE, entity, firing) }), [5])
  })

  it('given silence, a takeover, or an event without an origin, then there is none', async () => {
    const at = emittedAt('alerting', 'readings', 7)
    assert.deepEqual(await findCause({ at, alert: silentAlert(RULE, entity, firing) }), [])
    assert.deepEqual(await findCause({ at: emittedAt('alerting', 'readings', 7, 1) }), [])
    assert.deepEqual(await findCause({ at: {} }), [])
  })

  it('then it is the record of an input from which the reading was made', async () => {
    const reading = { ...hot, extensions: emittedAt('intake', 'greenhouse', 6) }
    const case_ = { at: emittedAt('alerting', 'readings', 7), topic: 'greenhouse' }
    assert.deepEqual(await findCause({ ...case_, between: { readings: reading } }), [6])
    const ofOther = { ...other, extensions: emittedAt('intake', 'greenhouse', 6) }
    assert.deepEqual(await findCause({ ...case_, between: { readings: ofOther } }), [])
    assert.deepEqual(await findCause(case_), [], 'the reading is no longer in the log')
  })

  it('then it is the last reading of a pattern, and none that a table has only counted', async () => {
    const at = emittedAt('patterns', 'patterns', 7)
    const grouped = { ...hot, extensions: emittedAt('alerting', 'readings', 6) }
    assert.deepEqual(await findCause({ at, between: { patterns: grouped } }), [6])
    const row = { ...hot, extensions: emittedAt('views', 'readings', 6) }
    const ofTable = { at: emittedAt('alerting', 'view-changes', 7), between: { 'view-changes': row } }
    assert.deepEqual(await findCause(ofTable), [])
  })
})
