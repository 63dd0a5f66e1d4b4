import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { registryWith } from '@sluice/test-kit/schema-registry'
import { createRedrivenRecord } from '#runtime/cloudevents'
import { confirmSegment, type SegmentSink } from '#runtime/consumer'
import { completeStep, type KeyedProcess } from '#runtime/test/support/inside'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { FAMILIES } from '../../../support/families.ts'
import { FormatStage, findFailure } from '../../../support/format-stage.ts'
import { REGISTERED, sent } from '../../../support/serialized.ts'

const registry = await registryWith(REGISTERED)

describe('records that are kept for later', () => {
  const keeping = (failing: readonly string[]): KeyedProcess<string[]> => ({
    name: 'keeping',
    accepts: FAMILIES.readingTypes,
    parking: {},
    onEvent(state, event) {
      if (failing.includes(event.id)) throw new Error('a bug')
      return completeStep('kept', [...(state ?? []), event.id])
    },
  })

  /** A stage where the first reading fails, and the second one, in Avro, waits for it. */
  async function parked(): Promise<FormatStage> {
    const stage = new FormatStage(registry.uri)
    stage.consumer = { ...stage.consumer, process: keeping(['r-0']) as never }
    await stage.batch([
      sent(0, environmentReading('r-0'), 'json'),
      sent(1, environmentReading('r-1'), 'avro with an id'),
    ])
    assert.deepEqual(stage.outcomes, ['failed/unexpected-error', 'parked/entity-held'])
    // A new function: it has no schema.
    stage.consumer = {
      ...stage.consumer,
      process: keeping([]) as never,
      reader: stage.coldReader(),
    }
    registry.requests.length = 0
    return stage
  }

  const retried = (stage: FormatStage) => {
    const { headers, value } = createRedrivenRecord(findFailure(stage))
    return logRecord(2, { key: Buffer.from('s-1'), value, headers })
  }

  it('given a parked record and a new function, then its schema is fetched when it is applied', async () => {
    const stage = await parked()
    await stage.batch([retried(stage), sent(3, environmentReading('r-3'), 'json')])
    assert.deepEqual(stage.outcomes.slice(2), ['applied/kept', 'parked-applied/kept', 'applied/kept'])
    assert.equal(registry.requests.length, 1)
  })

  it('given that the registry is down then, then the partition waits, and nothing is lost', async () => {
    const stage = await parked()
    registry.answerBy((_, response) => response.destroy())
    const batch = [retried(stage), sent(3, environmentReading('r-3'), 'json')]
    await stage.batch(batch)
    assert.deepEqual(stage.outcomes.slice(2), [])
    assert.deepEqual(
      stage.observer.waits.map(({ reason }) => reason),
      ['registry-unavailable'],
    )
    registry.answerBy()
    stage.nowMs += 60_000
    await stage.batch(batch)
    assert.deepEqual(stage.outcomes.slice(2), ['applied/kept', 'parked-applied/kept', 'applied/kept'])
  })
})

describe('a segment sink', () => {
  it('given a segment that needs a schema which cannot be fetched, then it waits as a whole', async () => {
    const lengths: number[] = []
    const sink: SegmentSink = {
      name: 'archive',
      accepts: FAMILIES.readingTypes,
      segments: { offsets: 3 },
      async write({ events }) {
        lengths.push(events.length)
        return confirmSegment('archived')
      },
    }
    const stage = new FormatStage(registry.uri)
    stage.consumer = { ...stage.consumer, process: sink as never }
    registry.answerBy((_, response) => response.destroy())
    const records = [0, 1, 2].map(at =>
      sent(at, environmentReading(`r-${at}`), at === 2 ? 'protobuf with an id' : 'json'),
    )
    await stage.batch(records)
    assert.deepEqual({ lengths, waits: stage.observer.waits.length }, { lengths: [], waits: 1 })
    registry.answerBy()
    stage.nowMs += 60_000
    await stage.batch(records)
    assert.deepEqual(lengths, [3])
  })
})
