import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { isFailure } from '#runtime/cloudevents/event.ts'
import { readEvent } from '#runtime/cloudevents/reader.ts'
import type { LogRecord, OutgoingRecord } from '#runtime/cloudevents/record.ts'
import type { Failure } from '#runtime/consumer/failure-codes.ts'
import type { FailureData } from '#runtime/consumer/failure-event.ts'
import { ConfigError } from '#runtime/settings/config-error.ts'
import { MemoryForwardCursors } from '#runtime/testing/memory-forward-cursors.ts'
import { APPLICATION } from '../../../lib/app/application.ts'
import { readConfig } from '../../../lib/app/config.ts'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { inputsIn } from '../../../lib/app/inputs.ts'
import { loadedInputs } from '../../../lib/app/loaded-inputs.ts'
import { createInputRetry, type RetryInput } from '../../../lib/app/retry-input.ts'
import { topicName } from '../../../lib/app/topics.ts'
import { intake } from '../../../lib/intake/intake.ts'
import { createRecordReader } from '../../../lib/intake/read-record.ts'
import { redriverIn } from '../../../lib/redriver/scheduled-run.ts'
import { ForwardStage } from '../../support/forward-stage.ts'
import { environmentReading, logRecord } from '../../support/records.ts'
import { retryContent, retryData } from '../../support/retries.ts'
import { registryWith } from '../../support/schema-registry.ts'
import { avroBytes, REGISTERED, SENT_AS, type SentAs, sent } from '../../support/serialized.ts'
import { Stage } from '../../support/stage.ts'
import { until } from '../../support/until.ts'

const registry = await registryWith(REGISTERED)
const folder = await mkdtemp(join(tmpdir(), 'retries-'))
after(() => rm(folder, { recursive: true, force: true }))
const INPUTS_FILE = join(folder, 'inputs.yaml')
await writeFile(INPUTS_FILE, 'inputs:\n  - topic: sensors\n')
await writeFile(join(folder, 'wrong.yaml'), 'inputs:\n  - topic: sensors\n    mappings: [gone]\n')

const settings = (given: Readonly<Record<string, string>> = {}) =>
  readConfig({
    ...{ KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1', SLUICE_ENV: 'test' },
    ...{ SCHEMA_REGISTRY_URL: registry.uri, INPUTS_FILE },
    ...given,
  })
const CONFIG = settings()

/** Delivers a record to the function `intake`, and returns what it publishes. */
async function take(record: LogRecord, earliestTimeMs = 0): Promise<Stage> {
  const stage = Object.assign(new Stage(intake(inputsIn('test', INPUTS_FILE)) as never), { topic: 'sensors' })
  const application = { ...APPLICATION, readForeign: createRecordReader(await loadedInputs(CONFIG)) }
  const reader = dataReader(CONFIG)
  stage.consumer = { ...stage.consumer, application, reader, logTime: 'counted', earliestTimeMs }
  await stage.batch([record], { nowMs: Date.now })
  return stage
}

/** Returns the failure of a record that `intake` refuses only for its time, and takes with the settings of now. */
async function failOnce(record: LogRecord): Promise<FailureData> {
  const { events, outcomes } = await take(record, Date.UTC(2100, 0))
  assert.deepEqual(outcomes, ['failed/time-too-early'])
  return events[0]?.data as FailureData
}

function eventIn(record: OutgoingRecord | Failure | undefined) {
  assert.ok(record && !('kind' in record), JSON.stringify(record))
  const event = readEvent(record)
  assert.ok(!isFailure(event))
  const { origin: _, sequence: __, traceparent: ___, ...extensions } = event.extensions ?? {}
  return { topic: record.topic, key: String(record.key), event: { ...event, extensions } }
}

const sensors = (as: SentAs, mode?: 'structured') =>
  sent(0, environmentReading('r-1'), as, { topic: 'sensors', ...(mode && { mode }) })

const away = () => registry.answerBy((_, response) => response.writeHead(503).end())

describe('a failed record of an input, in any format of data', () => {
  const records: [title: string, record: LogRecord][] = [
    ...(Object.keys(SENT_AS) as SentAs[]).map((as): [string, LogRecord] => [as, sensors(as)]),
    [
      'avro in an event whose content type is missing',
      { ...sensors('avro with an id', 'structured'), headers: [] },
    ],
  ]
  for (const [title, record] of records)
    it(`given ${title}, then a retry appends the event that intake would have appended`, async () => {
      const retry = await createInputRetry(CONFIG)
      const retried = eventIn(await retry(await failOnce(record)))
      const { publisher } = await take(record)
      assert.deepEqual(retried, eventIn(publisher.publishedRecords[0]))
      assert.equal(retried.topic, topicName('readings', 'test'))
    })

  it('given settings of consumers, then a retry keeps them as intake does', async () => {
    const retry = await createInputRetry(settings({ EARLIEST_TIME: '2100-01-01T00:00:00Z' }))
    const again = await retry(await failOnce(sensors('avro with an id')))
    assert.equal('kind' in again && again.code, 'time-too-early')
  })

  it('given a format of data, then a retry writes it as intake does', async () => {
    const avro = settings({ SERIALIZATION: 'avro', SCHEMA_REGISTRY_URL: '' })
    const { event } = eventIn(await (await createInputRetry(avro))(await failOnce(sensors('json'))))
    assert.equal(event.datacontenttype, 'application/avro')
    assert.deepEqual(event.data, avroBytes(environmentReading('r-1')))
  })

  it('given a schema that the registry does not have, then it still fails, and succeeds once it has it', async () => {
    const failed = await failOnce(sensors('avro with an id'))
    registry.schemas.clear()
    const again = await (await createInputRetry(CONFIG))(failed)
    assert.equal('kind' in again && again.code, 'schema-unknown')
    for (const [id, schema] of REGISTERED) registry.schemas.set(id, schema)
    eventIn(await (await createInputRetry(CONFIG))(failed))
  })
})

describe('due retries of inputs', () => {
  const RETRIES = topicName('retry-1m', 'test')

  async function redriverOn(failed: FailureData, retryInput: RetryInput): Promise<ForwardStage> {
    const { name, ...rest } = redriverIn('test', () => 0, retryInput)
    const log = [{ originalOffset: 1 }, failed, { originalOffset: 2 }].map((changes, offset) =>
      logRecord(offset, retryContent(retryData(changes)), { topic: RETRIES, timestampMs: 0 }),
    )
    return new ForwardStage(name, new MemoryForwardCursors(), log, rest)
  }

  it('given a registry that is away, then they wait, and are neither failed nor passed', async () => {
    const stage = await redriverOn(await failOnce(sensors('avro with an id')), await createInputRetry(CONFIG))
    away()
    assert.deepEqual(await stage.wake(), { forwarded: 1, failed: 0, skipped: 0, deferred: 1 })
    const [wait] = stage.observer.waits
    assert.deepEqual([wait?.reason, wait?.fromOffset], ['registry-unavailable', 1])
    registry.answerBy()
    await until('the registry is asked again', async () => (await stage.wake()).forwarded > 0)
    const { decisions } = stage.observer
    assert.deepEqual(
      decisions.map(({ reason }) => reason),
      ['redriven', 'mapped-again', 'redriven'],
    )
    assert.equal(stage.publisher.publishedRecords.length, 3)
  })

  it('given inputs that cannot be loaded, then they wait, and the message names the file', async () => {
    const wrong = settings({ INPUTS_FILE: join(folder, 'wrong.yaml') })
    const failed = await failOnce(sensors('json'))
    const stage = await redriverOn(failed, async one => (await createInputRetry(wrong))(one))
    assert.deepEqual(await stage.wake(), { forwarded: 1, failed: 0, skipped: 0, deferred: 1 })
    const error = stage.observer.waits[0]?.error
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /wrong\.yaml or a file that it names has 1 error:/)
    assert.match(error.message, /wrong\.yaml: the input sensors names the mapping "gone"/)
  })
})
