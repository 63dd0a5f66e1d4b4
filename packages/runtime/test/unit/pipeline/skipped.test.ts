/** A record that hangs or ends its function is set aside by an operator, and the rest of its partition continues. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { confirmDelivery, type Sink } from '../../../consumer/sink.ts'
import type { Process } from '../../../pipeline/consumer.ts'
import { computeDigest } from '../../../pipeline/model/fingerprint.ts'
import { READING_TYPES } from '../../support/application.ts'
import { nextAttempt } from '../../support/parking.ts'
import { environmentReading as reading, logRecord as record } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const POISON = record(1, reading('poison', { at: 1 }))
const LOG = [record(0, reading('a')), POISON, record(2, reading('b', { at: 2 }))]

/** A test cannot hang: this step throws instead, which shows as another failure. */
function hang(): never {
  throw new Error('the step was run')
}

/** Lists ids. `mend` stands for a deployment. */
function listing() {
  const code = { isMended: false }
  const process: KeyedProcess<readonly string[]> = {
    name: 'listing',
    accepts: READING_TYPES,
    onEvent: (state, { id }) =>
      id === 'poison' && !code.isMended ? hang() : completeStep('listed', [...(state ?? []), id]),
  }
  const stage = new Stage(process as KeyedProcess<never>)
  return { stage, mend: () => Object.assign(code, { isMended: true }) }
}

const skip = (stage: Stage, { offset }: LogRecord = POISON, digest = computeDigest(POISON)) =>
  stage.store.skip(stage.stateKey(), offset, digest)

const listFailures = (stage: Stage) => stage.events.map(({ data }) => data as FailureData)

describe('given a record that an operator has set aside', () => {
  // Promise docs/failures.md#a-record-that-stops-its-function
  it('then it fails without a step, and those around it are applied', async () => {
    const { stage } = listing()
    assert.equal(await skip(stage), 'skipped')
    await stage.batch(LOG)
    assert.deepEqual(stage.outcomes, ['applied/listed', 'failed/skipped', 'applied/listed'])
    const [failure, ...others] = listFailures(stage)
    assert.deepEqual(others, [])
    assert.equal(failure?.errorType, 'skipped')
    assert.equal(failure?.originalValue, POISON.value?.toString('base64'))
    assert.equal(failure?.parks, false)
  })

  it('when another record has taken its offset, as in a topic that was made anew, then that one is applied', async () => {
    const { stage } = listing()
    await skip(stage)
    await stage.batch([LOG[0] as LogRecord, record(1, reading('other'))])
    assert.deepEqual(stage.outcomes, ['applied/listed', 'applied/listed'])
  })

  it('when it is that of a sink, then the receiver never gets it', async () => {
    const reached: string[] = []
    const sink: Sink = {
      name: 'bell',
      accepts: READING_TYPES,
      batchSize: 10,
      deliver: async deliveries =>
        deliveries.map(({ event }) => {
          reached.push(event.id)
          return confirmDelivery('rung')
        }),
    }
    const stage = new Stage(sink as Process)
    await skip(stage)
    await stage.batch(LOG)
    assert.deepEqual(stage.outcomes, ['applied/rung', 'failed/skipped', 'applied/rung'])
    assert.deepEqual(reached, ['a', 'b'])
  })
})

it('given a retry that its entity is held for, when set aside, then what waits behind it is applied', async () => {
  const mood = { throws: true }
  const process: KeyedProcess<readonly string[]> = {
    name: 'parking',
    accepts: READING_TYPES,
    parking: {},
    onEvent: (state, { id }) =>
      id === 'poison' && mood.throws ? hang() : completeStep('listed', [...(state ?? []), id]),
  }
  const stage = new Stage(process as KeyedProcess<never>)
  await stage.batch(LOG)
  const [failure] = listFailures(stage) as [FailureData]
  const retried = nextAttempt(failure, 3, POISON.timestampMs + 600_000)
  await skip(stage, retried, computeDigest(retried))
  await stage.batch([retried, record(4, reading('c', { at: 4, sensor: 's-2' }))])
  assert.deepEqual(stage.outcomes, [
    'applied/listed',
    'failed/unexpected-error',
    'parked/entity-held',
    'failed/skipped',
    'parked-applied/listed',
    'applied/listed',
  ])
})
