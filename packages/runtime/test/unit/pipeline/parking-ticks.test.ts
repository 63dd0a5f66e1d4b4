/** Parking needs ticks: what is released, and the bound in time, wait for the next record of the partition. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Parking } from '../../../consumer/parking.ts'
import { PartitionStopped } from '../../../pipeline/errors.ts'
import { environmentReading, logRecord } from '../../support/records.ts'
import { counting, Stage } from '../../support/stage.ts'

/** @param settings what the application says of the topic that the process reads */
function staged(settings: { readonly isTicked?: boolean } | undefined, parking?: Parking): Stage {
  const stage = new Stage({ ...counting, ...(parking && { parking }) } as never)
  const { application } = stage.consumer
  const topic = { partitions: 1, keptDays: 1, maxMessageBytes: 1_000 }
  stage.consumer = {
    ...stage.consumer,
    application: { ...application, topicNamed: () => settings && { ...topic, ...settings } },
  }
  return stage
}

describe('given a process that reads a topic without ticks', () => {
  it('when it parks, then its partitions wait, and the error says why and what to do', async () => {
    const stage = staged({ isTicked: false }, {})
    const record = logRecord(0, environmentReading('a'), { topic: stage.topic })
    const { batchItemFailures } = await stage.batch([record])
    assert.equal(batchItemFailures.length, 1)
    const [{ reason, error } = {}] = stage.observer.waits
    assert.equal(reason, 'parking-without-ticks')
    assert.ok(error instanceof PartitionStopped)
    for (const said of ['counting', stage.topic, '`parking`', 'ticks'])
      assert.ok(error.message.includes(said))
    assert.deepEqual(stage.outcomes, [])
  })

  it('when it does not park, then it reads it', async () => {
    const stage = staged({ isTicked: false })
    await stage.batch([logRecord(0, environmentReading('a'), { topic: stage.topic })])
    assert.deepEqual(stage.outcomes, ['applied/counted'])
  })
})

describe('given a process that parks', () => {
  for (const [name, settings] of Object.entries({
    'has ticks': { isTicked: true },
    'may have ticks, as the application does not say': {},
    'the application does not know': undefined,
  }))
    it(`when it reads a topic that ${name}, then it reads it`, async () => {
      const stage = staged(settings, {})
      await stage.batch([logRecord(0, environmentReading('a'), { topic: stage.topic })])
      assert.deepEqual(stage.outcomes, ['applied/counted'])
    })
})
