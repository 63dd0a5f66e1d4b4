import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { LogRecord } from '#runtime/cloudevents/record.ts'
import type { FailureData } from '#runtime/consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '#runtime/consumer/process.ts'
import { APPLICATION } from '../../../lib/app/application.ts'
import { kafkaConsumer } from '../../../lib/app/kafka-consumer.ts'
import { mappingReader } from '../../../lib/app/mapping-reader.ts'
import { createRedrivenRecord } from '../../../lib/failures/redriven-record.ts'
import { READING_TYPES } from '../../../lib/telemetry/families.ts'
import { environmentReading, kafkaEvent, logRecord, TOPIC } from '../../support/records.ts'
import { Stage } from '../../support/stage.ts'

const START_MS = Date.parse('2026-03-01T12:00:00Z')

/** Notes the readings that it sees, and throws as long as the test wants. */
function noting(
  seen: { id: string; entity: string; timeMs: number }[],
  fails: { now: boolean } = { now: false },
) {
  const process: KeyedProcess<{ count: number }> = {
    name: 'noting',
    accepts: READING_TYPES,
    onEvent(state, { id, entity, timeMs }) {
      if (fails.now) throw new Error('not yet')
      seen.push({ id, entity, timeMs })
      return completeStep('noted', { count: (state?.count ?? 0) + 1 })
    },
  }
  return process
}

async function stageWith(names: readonly string[], process: KeyedProcess<never>): Promise<Stage> {
  const stage = new Stage(process)
  const readForeign = await mappingReader({ mappings: names, mappingsDir: 'config/mappings' })
  stage.consumer = {
    ...stage.consumer,
    application: { ...APPLICATION, ...(readForeign ? { readForeign } : {}) },
  }
  return stage
}

function foreign(offset: number, value: object): LogRecord {
  return {
    topic: TOPIC,
    partition: 0,
    offset,
    timestampMs: START_MS + offset * 1000,
    key: Buffer.from('nexus4'),
    value: Buffer.from(JSON.stringify(value)),
    headers: [],
  }
}

const MOTION = { model: 'nexus4', x: 1, y: 2, z: 9.8, activity: 'stand' }

describe('a function on a topic of foreign records', () => {
  it('given records alike, then each is a reading at the time of its record, once', async () => {
    const seen: { id: string; entity: string; timeMs: number }[] = []
    const stage = await stageWith(['device'], noting(seen) as KeyedProcess<never>)
    const records = [foreign(0, MOTION), foreign(1, MOTION)]
    await stage.batch(records)
    assert.deepEqual(stage.outcomes, ['applied/noted', 'applied/noted'])
    assert.deepEqual(
      seen.map(({ entity, timeMs }) => [entity, timeMs]),
      [
        ['/device/nexus4 nexus4', START_MS],
        ['/device/nexus4 nexus4', START_MS + 1000],
      ],
    )
    await stage.batch([...records, foreign(2, MOTION)])
    assert.equal(seen.length, 3)
    assert.equal(new Set(seen.map(({ id }) => id)).size, 3)
    assert.deepEqual(await stage.state('/device/nexus4 nexus4'), { count: 3 })
  })

  it('given readings of Sluice and foreign records on one topic, then both are applied', async () => {
    const seen: { id: string; entity: string; timeMs: number }[] = []
    const stage = await stageWith(['weather', 'device'], noting(seen) as KeyedProcess<never>)
    await stage.batch([logRecord(0, environmentReading('r-0')), foreign(1, MOTION)])
    assert.deepEqual(
      seen.map(({ entity }) => entity),
      ['/environment/test-site s-1', '/device/nexus4 nexus4'],
    )
  })

  it('given records without a mapping, then they are failures with their code, and the rest continues', async () => {
    const stage = await stageWith(['device'], noting([]) as KeyedProcess<never>)
    await stage.batch([
      foreign(0, { ...MOTION, x: 'fast' }),
      foreign(1, { ...MOTION, activity: '' }),
      foreign(2, { temperature: 20 }),
      foreign(3, MOTION),
    ])
    assert.deepEqual(stage.outcomes, [
      'failed/mapping-failed',
      'failed/mapping-failed',
      'failed/not-a-cloudevent',
      'applied/noted',
    ])
    const [first] = stage.events as { data?: FailureData }[]
    assert.equal(first?.data?.error, 'mapping device: "x" must be a number')
    assert.equal(first?.data?.originalValue, foreign(0, { ...MOTION, x: 'fast' }).value?.toString('base64'))
  })

  it('given a foreign topic, then its records are read and remembered like others', async () => {
    const seen: { id: string; entity: string; timeMs: number }[] = []
    const stage = await stageWith(['device'], noting(seen) as KeyedProcess<never>)
    const records = [MOTION, { ...MOTION, x: 'fast' }, MOTION].map((value, offset) => ({
      ...foreign(offset, value),
      topic: 'factory-motion',
    }))
    await stage.batch(records)
    await stage.batch(records)
    assert.equal(seen.length, 2)
    assert.deepEqual(stage.outcomes.slice(0, 3), ['applied/noted', 'failed/mapping-failed', 'applied/noted'])
    const [failure] = stage.events as { data?: FailureData }[]
    assert.equal(failure?.data?.originalTopic, 'factory-motion')
  })

  it('given a redrive, then the record has the id that it had when it failed', async () => {
    const seen: { id: string; entity: string; timeMs: number }[] = []
    const fails = { now: false }
    const stage = await stageWith(['device'], noting(seen, fails) as KeyedProcess<never>)
    const other = await stageWith(['device'], noting(seen) as KeyedProcess<never>)
    await other.batch([foreign(4, MOTION)])
    fails.now = true
    await stage.batch([foreign(4, MOTION)])
    fails.now = false
    const [failure] = stage.events as { data?: FailureData }[]
    assert.ok(failure?.data)
    const { value, headers } = createRedrivenRecord(failure.data)
    await stage.batch([{ ...foreign(9, MOTION), value, headers }])
    assert.deepEqual(stage.outcomes, ['failed/unexpected-error', 'applied/noted'])
    assert.equal(seen[1]?.id, seen[0]?.id)
  })
})

describe('the handler of such a function', () => {
  function withEnvironment(t: TestContext, more: object): void {
    const before = { ...process.env }
    t.after(() => {
      process.env = before
    })
    Object.assign(process.env, { KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1', ...more })
  }

  it('given MAPPINGS, then its consumer reads the records by them, with the reading of failures as before', async t => {
    withEnvironment(t, { MAPPINGS: 'device,weather' })
    const seen: { id: string; entity: string; timeMs: number }[] = []
    const handler = kafkaConsumer('noting', noting(seen))
    const consumer = await handler.consumer(process.env)
    const stage = new Stage(noting(seen) as KeyedProcess<never>)
    stage.consumer = consumer
    await stage.consume(kafkaEvent([foreign(0, MOTION)]))
    assert.equal(seen.length, 1)
    assert.equal(consumer.application.readForeign?.({ ...foreign(0, { a: 1 }) }), undefined)
  })

  it('given a mapping that is not there, then the function does not start, and names the file', async t => {
    withEnvironment(t, { MAPPINGS: 'nothing' })
    const { start } = kafkaConsumer('noting', noting([]))
    await assert.rejects(start(), { message: 'config/mappings/nothing.yaml: there is no such file' })
  })
})
