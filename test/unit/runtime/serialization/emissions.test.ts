/** A consumer's emissions are written by its DataWriter; the outbox keeps them as plain data. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadCodec } from '@sluice/schema-registry'
import { Unavailable } from '#runtime/pipeline'
import { completeStep, dataWriter, type KeyedProcess } from '#runtime/test/support/inside'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { findPackagedSchema } from '../../../../lib/app/data/packaged-schemas.ts'
import { FAILURE_TYPE } from '../../../../lib/failures/event-types.ts'
import { APPLICATION, FAMILIES } from '../../../support/families.ts'
import { Stage } from '../../../support/stage.ts'

const { type } = FAMILIES.get('device')
const MOTION = { deviceId: 'd-1', model: 'm', x: 0.5 }

/** Emits this data as that of a motion. */
function emitting(data: unknown): KeyedProcess<unknown> {
  const emission = { name: 'e', to: 'events', key: 'k', type, source: '/emitting', data } as const
  return {
    name: 'emitting',
    accepts: FAMILIES.readingTypes,
    onEvent: () => completeStep('said', {}, [emission]),
  }
}

async function createStage(data: unknown): Promise<Stage> {
  const stage = new Stage(emitting(data))
  stage.consumer = { ...stage.consumer, dataWriter: await avroWriter() }
  return stage
}

function avroWriter() {
  const serialization = { otherwise: 'avro', named: new Map() } as const
  return dataWriter({ application: APPLICATION, env: 'test', serialization }, [type])
}

describe('given a consumer that writes Avro', () => {
  it('when it emits an event, then the record has bytes of its schema', async () => {
    const stage = await createStage(MOTION)
    await stage.batch([logRecord(0, environmentReading('a'))])
    assert.deepEqual(stage.outcomes, ['applied/said'])
    const [event] = stage.events
    assert.equal(event?.datacontenttype, 'application/avro')
    const schema = await findPackagedSchema(FAMILIES, type, 'avro')
    assert.ok(schema)
    const codec = await loadCodec({ ...schema, format: 'AVRO' }, 'plain')
    const { deviceId, model, x } = JSON.parse(codec.decode(event?.data as Buffer))
    assert.deepEqual({ deviceId, model, x }, MOTION)
  })

  it('when what it emits does not fit the schema, then the record fails, and the message has no value', async () => {
    const stage = await createStage({ ...MOTION, x: 'a secret' })
    await stage.batch([logRecord(0, environmentReading('a'))])
    assert.deepEqual(stage.outcomes, ['failed/unexpected-error'])
    const [event] = stage.events
    assert.equal(event?.type, FAILURE_TYPE)
    assert.equal(event?.datacontenttype, 'application/json')
    const { error = '' } = (event?.data ?? {}) as { error?: string }
    assert.match(error, /emitted "e" that cannot be written: x must be/)
    assert.doesNotMatch(error, /secret/)
  })

  it('when the outbox holds what no longer fits, then a failure takes its place', async () => {
    const stage = new Stage(emitting({ ...MOTION, x: 'later no number' }))
    const publish = () => Promise.reject(new Unavailable('broker-unavailable', 'down'))
    await stage.batch([logRecord(0, environmentReading('a'))], { ports: { publisher: { publish } } })
    stage.consumer = { ...stage.consumer, dataWriter: await avroWriter() }
    await stage.batch([logRecord(1, environmentReading('b', { sensor: 's-2' }))])
    const data = stage.events.map(event => event.data as { errorType?: string })
    assert.equal(data[0]?.errorType, 'emission-refused')
  })
})
