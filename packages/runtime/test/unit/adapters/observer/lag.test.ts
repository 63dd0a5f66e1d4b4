import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tick } from '../../../support/application.ts'
import { captureLog, listMetrics } from '../../../support/function-log.ts'
import { environmentReading as reading, logRecord as record } from '../../../support/records.ts'
import { Stage } from '../../../support/stage.ts'

describe('the lag', () => {
  const NOW = Date.parse('2026-03-01T14:00:00Z')
  const before = (seconds: number, partition = 0) => ({ timestampMs: NOW - seconds * 1_000, partition })
  const aTick = (offset: number, seconds: number, partition = 0) =>
    record(offset, tick(partition, '2026-03-01T13:00:00Z'), before(seconds, partition))

  async function computeLag(
    work: (stage: Stage) => Promise<unknown>,
  ): Promise<readonly number[] | undefined> {
    const log = await captureLog(
      async observer => {
        await work(new Stage(undefined, { report: observer.report }))
      },
      { now: () => NOW },
    )
    return listMetrics(log).get('lagSeconds')?.values
  }

  it('is the age of the last tick that was decided', async () => {
    const records = [aTick(0, 95), aTick(1, 35), record(2, reading('a'), before(5))]
    assert.deepEqual(await computeLag(stage => stage.batch(records)), [35])
  })

  it('is the age of the last record where no tick came', async () => {
    const records = [record(0, reading('a'), before(9)), record(1, reading('b'), before(4))]
    assert.deepEqual(await computeLag(stage => stage.batch(records)), [4])
  })

  it('is that of the partition that is farthest behind', async () => {
    const records = [aTick(0, 10), aTick(0, 700, 1), record(0, reading('a'), before(1, 2))]
    assert.deepEqual(await computeLag(stage => stage.batch(records)), [700])
  })

  it('is the age of the first record that waits, where a partition waits', async () => {
    const records = [aTick(0, 300), record(1, reading('a'), before(200))]
    const late = { remainingMs: () => 0 }
    assert.deepEqual(await computeLag(stage => stage.batch(records, late)), [300])
  })

  it('is missing where no record was decided', async () => {
    assert.equal(await computeLag(async () => {}), undefined)
  })
})
