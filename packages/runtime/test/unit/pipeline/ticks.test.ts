/** Processes that accept ticks, and timers that only the log's clock lets pass. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { TICK_TYPE, tick } from '../../support/application.ts'
import { createLog, doneOn, obeyingStage, order } from '../../support/obeying.ts'
import { logRecord } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')

/** Remembers when the last tick came, and says so at each third one. */
const counting: KeyedProcess<{ ticks: number; lastMs: number }> = {
  name: 'counting-ticks',
  accepts: [TICK_TYPE],
  onEvent(state, { timeMs }) {
    const ticks = (state?.ticks ?? 0) + 1
    return completeStep(ticks % 3 === 0 ? 'third' : 'tick', { ticks, lastMs: timeMs })
  },
}

function ticked(offset: number, appendS: number, time = '2026-03-01T12:00:00Z'): LogRecord {
  return logRecord(offset, tick(0, time), { timestampMs: NOON + appendS * 1000 })
}

describe('a process that accepts ticks', () => {
  it('given ticks, then they are events of the clock, at the time of their records', async () => {
    const stage = new Stage(counting as KeyedProcess<never>)
    await stage.batch([ticked(0, 0), ticked(1, 60)])
    assert.deepEqual(await stage.state('/clock '), { ticks: 2, lastMs: NOON + 60_000 })
  })

  it('given the same tick again, then it is not known, as ticks are not remembered', async () => {
    const stage = new Stage(counting as KeyedProcess<never>)
    await stage.batch([ticked(0, 0), ticked(1, 1), ticked(2, 2)])
    assert.deepEqual(stage.outcomes, ['ignored/tick', 'ignored/tick', 'applied/third'])
  })

  it('given a tick from a clock that is a day ahead or years behind, then it does not fail', async () => {
    const stage = new Stage(counting as KeyedProcess<never>)
    await stage.batch([ticked(0, 0, '2026-03-02T12:00:00Z'), ticked(1, 60, '1970-01-01T00:00:00Z')])
    assert.deepEqual(stage.outcomes, ['ignored/tick', 'ignored/tick'])
    assert.deepEqual(await stage.state('/clock '), { ticks: 2, lastMs: NOON + 60_000 })
  })

  it('given a tick with an attribute that is too long for a name, then it is ignored', async () => {
    const stage = new Stage(counting as KeyedProcess<never>)
    await stage.batch([logRecord(0, { ...tick(0, '2026-03-01T12:00:00Z'), source: `/${'x'.repeat(5_000)}` })])
    assert.deepEqual(stage.outcomes, ['ignored/tick'])
    assert.equal(stage.publisher.publishedRecords.length, 0)
  })
})

describe('a timer that awaits the log', () => {
  const stageThatAwaits = (name: string) => {
    const stage = obeyingStage()
    const process = { ...stage.consumer.process, awaitsLog: (timer: string) => timer === name }
    stage.consumer = { ...stage.consumer, process: process as never }
    return stage
  }

  it('given a later event of its entity, then it does not fire, and another one does', async () => {
    const stage = stageThatAwaits('patient')
    await stage.batch(
      createLog([
        [0, order('1', 'x', 0, { set: { patient: 10, other: 10 } })],
        [1, order('2', 'x', 3_600)],
      ]),
    )
    assert.deepEqual(doneOn(stage), ['x 1', 'x other@10', 'x 2'])
  })

  it('given that the clock of the log has passed it, then it fires before that event', async () => {
    const stage = stageThatAwaits('patient')
    await stage.batch(
      createLog([
        [0, order('1', 'x', 0, { set: { patient: 10 } })],
        [11, order('2', 'x', 3_600)],
      ]),
    )
    assert.deepEqual(doneOn(stage), ['x 1', 'x patient@10', 'x 2'])
  })
})
