/** The fine print, "The applied offset", rule 5: see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents'
import type { Process } from '#runtime/test/support/inside'
import { kafkaEvent, environmentReading as reading, logRecord as record } from '#runtime/test/support/records'
import { MemoryLogReader } from '#runtime/testing'
import { alerting } from '../../../../../lib/alerting/process.ts'
import { readRules } from '../../../../../lib/alerting/rule-files.ts'
import { FAMILIES } from '../../../../support/families.ts'
import { Stage } from '../../../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'
const RULES = readRules(FAMILIES, [
  {
    file: 'rules.yaml',
    text: 'rules:\n  - { name: HIGH, family: environment, metric: temperature, fireAbove: 40, severity: critical }\n',
  },
])

function readings(from: number, to: number): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, at) => record(from + at, reading(`r${from + at}`)))
}

/** Returns the log without the records that retention has deleted. */
function keptFrom(offset: number, log: readonly LogRecord[]) {
  return { ports: { log: new MemoryLogReader(log.filter(record => record.offset >= offset)) } }
}

describe('rule 5: a state that is gone is read back from the log', () => {
  it('rule 5: given an old snapshot and a firing alert, then the missing range resolves it, once', async () => {
    const stage = new Stage(alerting(FAMILIES, RULES) as Process)
    const log = Array.from({ length: 11 }, (_, at) =>
      record(at, reading(`r${at}`, { at, temperature: at < 9 ? 42 : 20 })),
    )
    stage.inLog(log)
    await stage.batch(log.slice(0, 4))
    const snapshot = stage.store.copyState(stage.stateKey())
    await stage.batch(log.slice(4, 10))
    stage.store.restore(stage.stateKey(), snapshot)
    await stage.batch(log.slice(10))
    const alerts = stage.events.map(({ id, type, data }) => ({
      id,
      what: type.split('.').at(-2),
      alertId: (data as { alertId: string }).alertId,
    }))
    assert.deepEqual([...new Set(alerts.map(({ what }) => what))], ['fired', 'resolved'])
    assert.equal(new Set(alerts.map(({ alertId }) => alertId)).size, 1)
    assert.equal(new Set(alerts.map(({ id }) => id)).size, 2, 'what came again has the same id')
    assert.deepEqual(stage.observer.list('range-read-back'), [{ fromOffset: 4, toOffset: 9 }])
    assert.deepEqual(stage.observer.list('no-applied-offset'), [])
  })

  it('rule 5: given an old snapshot whose next records have expired, then the rest is read, with a report', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 3))
    const snapshot = stage.store.copyState(stage.stateKey())
    await stage.batch(readings(4, 7))
    stage.store.restore(stage.stateKey(), snapshot)
    const answer = await stage.consume(kafkaEvent(readings(8, 8)), keptFrom(6, readings(0, 8)))
    assert.deepEqual(answer, { batchItemFailures: [] })
    assert.deepEqual(await stage.state(ENTITY), { count: 7 })
    assert.deepEqual(stage.observer.list('expired'), [{ fromOffset: 4, toOffset: 5 }])
  })

  it('rule 5: given a first deployment, then its log is read from the start, without a report', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 3))
    assert.deepEqual(await stage.state(ENTITY), { count: 4 })
    assert.deepEqual([stage.observer.list('no-applied-offset'), stage.observer.waits], [[], []])
  })

  it('rule 5: given a state that is lost, then its log is read from the start, with an alarm', async () => {
    const stage = new Stage()
    stage.inLog(readings(0, 5))
    await stage.batch(readings(0, 3))
    const before = stage.events.map(({ id }) => id)
    stage.store.restore(stage.stateKey(), undefined)
    await stage.batch(readings(4, 5))
    assert.deepEqual(await stage.state(ENTITY), { count: 6 })
    assert.deepEqual(stage.observer.list('no-applied-offset'), [{ fromOffset: 0 }])
    assert.deepEqual(stage.events.map(({ id }) => id).slice(before.length, 2 * before.length), before)
  })

  it('rule 5: given a state that is lost and a log without its start, then the first record kept begins it', async () => {
    const stage = new Stage()
    await stage.batch(readings(0, 3))
    stage.store.restore(stage.stateKey(), undefined)
    await stage.consume(kafkaEvent(readings(4, 5)), keptFrom(2, readings(0, 5)))
    assert.deepEqual(await stage.state(ENTITY), { count: 4 })
    assert.deepEqual(stage.observer.list('no-applied-offset'), [{ fromOffset: 2 }])
  })
})
