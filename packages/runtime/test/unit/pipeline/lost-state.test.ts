/** The fine print, "The applied offset", rule 5: see docs/guarantees.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/index.ts'
import { MemoryLogReader } from '../../../testing/index.ts'
import { kafkaEvent, environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const ENTITY = '/environment/test-site s-1'

function readings(from: number, to: number): LogRecord[] {
  return Array.from({ length: to - from + 1 }, (_, at) => record(from + at, reading(`r${from + at}`)))
}

/** Returns the log without the records that retention has deleted. */
function keptFrom(offset: number, log: readonly LogRecord[]) {
  return { ports: { log: new MemoryLogReader(log.filter(record => record.offset >= offset)) } }
}

describe('rule 5: a state that is gone is read back from the log', () => {
  // Promise docs/guarantees.md#rule 5
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

  // Promise docs/state.md#drop | A dropped partition reads its log from the start.
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
