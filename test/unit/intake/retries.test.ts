import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { registryWith } from '@sluice/test-kit/schema-registry'
import {
  createRedrivenRecord,
  isFailure,
  type LogRecord,
  type OutgoingRecord,
  readEvent,
  writeEvent,
} from '#runtime/cloudevents'
import type { Event, FailureData } from '#runtime/consumer'
import { findOriginTopic } from '#runtime/pipeline'
import { PublishedFailureReader } from '#runtime/test/support/inside'
import { environmentReading, logRecord } from '#runtime/test/support/records'
import { kafkaEvent, MemoryLogBounds, MemoryLogReader } from '#runtime/testing'
import { readConfig } from '../../../control/environment/config.ts'
import { dataReader } from '../../../lib/app/data/data-reader.ts'
import { resolveInputs } from '../../../lib/app/inputs/inputs.ts'
import { loadAllInputs } from '../../../lib/app/inputs/loaded-inputs.ts'
import { intake } from '../../../lib/intake/intake.ts'
import { createRecordReader } from '../../../lib/intake/read-record.ts'
import { APPLICATION, FAMILIES, NAMES } from '../../support/families.ts'
import { REGISTERED, SENT_AS, type SentAs, sent } from '../../support/serialized.ts'
import { Stage } from '../../support/stage.ts'

const registry = await registryWith(REGISTERED)
const folder = await mkdtemp(join(tmpdir(), 'retries-'))
after(() => rm(folder, { recursive: true, force: true }))
const INPUTS_FILE = join(folder, 'inputs.yaml')
await writeFile(INPUTS_FILE, 'inputs:\n  - topic: sensors\n')

const CONFIG = readConfig({
  ...{ KAFKA_BROKERS: '127.0.0.1:1', REDIS_URL: 'redis://127.0.0.1:1', SLUICE_ENV: 'test' },
  ...{ SCHEMA_REGISTRY_URL: registry.uri, INPUTS_FILE },
})

const REDRIVES = NAMES.topicName('input-redrives', 'test')
const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 2, 1, 13)
/** A limit that refuses every record, as code or settings of another day might. */
const REFUSED = Date.UTC(2100, 0)

/** The function `intake`, for an input and for its redriven records. */
class Intake {
  readonly stage: Stage
  readonly #registered: Stage['consumer']
  readonly redriven: LogRecord[] = []

  constructor(reader: ReturnType<typeof createRecordReader>) {
    this.stage = new Stage(intake(FAMILIES, resolveInputs(CONFIG)) as never)
    const application = { ...APPLICATION, readForeign: reader }
    this.#registered = { ...this.stage.consumer, application, reader: dataReader(CONFIG) }
  }

  /** Delivers a record. @returns the records that it publishes */
  async deliver(record: LogRecord, earliestTimeMs = 0): Promise<readonly OutgoingRecord[]> {
    const { publishedRecords } = this.stage.publisher
    const before = publishedRecords.length
    this.stage.consumer = { ...this.#registered, earliestTimeMs }
    await this.stage.batch([record], { nowMs: () => NOW })
    return publishedRecords.slice(before)
  }

  /** Delivers a record of an input that is refused. */
  async fail(record: LogRecord): Promise<FailureData> {
    const [failed] = await this.deliver(record, REFUSED)
    return getFailure(failed)
  }

  /** Redrives a failure, as the redriver and operators do. */
  redrive(failed: FailureData, earliestTimeMs = 0, timestampMs = NOW): Promise<readonly OutgoingRecord[]> {
    const { partition, ...content } = createRedrivenRecord(failed, undefined, {
      topic: REDRIVES,
      partitions: 3,
    })
    const record = { ...content, partition, offset: this.redriven.length, timestampMs }
    this.redriven.push(record)
    return this.deliver(record, earliestTimeMs)
  }
}

async function createIntake(): Promise<Intake> {
  return new Intake(createRecordReader(FAMILIES, await loadAllInputs(CONFIG)))
}

function getEvent(record: OutgoingRecord | undefined): Event {
  assert.ok(record)
  const event = readEvent(record)
  assert.ok(!isFailure(event))
  return event
}

function getFailure(record: OutgoingRecord | undefined): FailureData {
  return getEvent(record).data as FailureData
}

/** Returns topic, key and event of a record, without what tells its place among the emissions. */
function createContent(record: OutgoingRecord | undefined) {
  const event = getEvent(record)
  const { origin: _, sequence: __, traceparent: ___, ...extensions } = event.extensions ?? {}
  return { topic: record?.topic, key: String(record?.key), event: { ...event, extensions } }
}

const sensors = (as: SentAs, mode?: 'structured') =>
  sent(0, environmentReading('r-1'), as, { topic: 'sensors', ...(mode && { mode }) })

/** Returns a record that a mapping takes, and that has no time of its own. */
const untimed = (value: object = { sensor_id: 'a', temperature: 21.5 }) =>
  logRecord(7, { value: Buffer.from(JSON.stringify(value)) }, { topic: 'sensors', timestampMs: NOW - 60_000 })

describe('a failed record of an input that is redriven', () => {
  const records: [title: string, record: LogRecord][] = [
    ...(Object.keys(SENT_AS) as SentAs[]).map((as): [string, LogRecord] => [as, sensors(as)]),
    [
      'avro in an event whose content type is missing',
      { ...sensors('avro with an id', 'structured'), headers: [] },
    ],
    ['a record that a mapping takes', untimed()],
  ]
  for (const [title, record] of records)
    it(`given ${title}, then the event is appended that intake would have appended`, async () => {
      const [first] = await (await createIntake()).deliver(record)
      const intake = await createIntake()
      const [again] = await intake.redrive(await intake.fail(record))
      assert.deepEqual(createContent(again), createContent(first))
      assert.equal(again?.topic, NAMES.topicName('readings', 'test'))
    })

  // Promise config/views/README.md#streams-over-an-input
  it('then the origin of its event has the input after the log through which it was redriven', async () => {
    const intake = await createIntake()
    const { log } = intake.stage.ports
    log.identity = async topic => ({ cluster: 'memory', topicId: `${topic}-log` })
    const [first] = await intake.deliver(sensors('json'))
    const [again] = await intake.redrive(await intake.fail({ ...untimed(), partition: 5 }))
    assert.equal(getEvent(first).extensions?.origin, 'intake:memory:sensors:0:sensors-log')
    assert.equal(getEvent(again).extensions?.origin, `intake:memory:${REDRIVES}:2:${REDRIVES}-log:sensors`)
    for (const value of [first, again]) assert.equal(findOriginTopic(getEvent(value), 'intake'), 'sensors')
  })

  it('when it fails again, then it is the next attempt of the same failure, wherever it was first read', async () => {
    const intake = await createIntake()
    const first = await intake.fail({ ...untimed(), partition: 5 })
    const second = getFailure((await intake.redrive(first, REFUSED))[0])
    const third = getFailure((await intake.redrive(second, REFUSED))[0])
    const { attempt, history, failedAt, error: _, errorType: __, ...same } = third
    assert.deepEqual([first.attempt, second.attempt, attempt], [1, 2, 3])
    assert.deepEqual(
      history.map(attempt => attempt.attempt),
      [1, 2],
    )
    for (const [name, value] of Object.entries(same)) assert.deepEqual(value, first[name as never], name)
    assert.equal(same.originalTopic, 'sensors')
    assert.equal((await intake.redrive(third)).length, 1)
  })

  // Promise docs/inputs.md#dead-letters
  it('when it is redriven again, then it is a repeat for 30 days, and never a second event', async () => {
    const intake = await createIntake()
    const failed = await intake.fail(untimed())
    assert.equal((await intake.redrive(failed)).length, 1)
    assert.deepEqual(await intake.redrive(failed), [])
    assert.deepEqual(await intake.redrive({ ...failed, attempt: 2 }, 0, NOW + 29 * DAY_MS), [])
    assert.deepEqual(intake.stage.outcomes.slice(1), [
      'applied/taken',
      'duplicate/attempt-known',
      'duplicate/failure-not-open',
    ])
  })

  it('when it is copied into other partitions, then it is no attempt there, before and after the one that counts', async () => {
    const intake = await createIntake()
    const failed = await intake.fail({ ...untimed(), partition: 5 })
    const through = { topic: REDRIVES, partitions: 3 }
    const record = { ...createRedrivenRecord(failed, undefined, through), timestampMs: NOW }
    assert.equal(record.partition, 2)
    const codes: (string | undefined)[] = []
    for (const [offset, partition] of [1, 2, 0, 1, 2].entries())
      for (const published of await intake.deliver({ ...record, partition, offset }))
        codes.push(
          published.topic === NAMES.topicName('readings', 'test') ? 'event' : getFailure(published).errorType,
        )
    assert.deepEqual(codes, ['unknown-failure', 'event', 'unknown-failure', 'unknown-failure'])
    assert.equal(intake.stage.outcomes.at(-1), 'duplicate/attempt-known')
  })

  it('given a log that was created again, then the event has another id', async () => {
    const intake = await createIntake()
    const failed = await intake.fail(untimed())
    const [one] = await intake.redrive({ ...failed, originalLog: 'c:1' })
    const [other] = await intake.redrive({ ...failed, originalLog: 'c:2' })
    assert.notEqual(getEvent(one).id, getEvent(other).id)
  })

  it('when other bytes than those that failed are redriven, then they are refused', async () => {
    const intake = await createIntake()
    const failed = await intake.fail(untimed())
    const second = getFailure((await intake.redrive(failed, REFUSED))[0])
    const originalValue = Buffer.from('{"sensor_id":"b","temperature":1}').toString('base64')
    const refused = getFailure((await intake.redrive({ ...second, originalValue }))[0])
    assert.equal(refused.errorType, 'unknown-failure')
  })

  it('when it names an original position that is not the one of its failure, then it is refused', async () => {
    const intake = await createIntake()
    const { originalOffset } = await intake.fail(untimed())
    const record = createRedrivenRecord(await intake.fail({ ...untimed(), offset: 8 }), undefined, {
      topic: REDRIVES,
      partitions: 3,
    })
    const headers = record.headers.map(([name, value]) =>
      name === 'sluice-redrive-place'
        ? ([name, Buffer.from(String(value).replace(/:8:/, `:${originalOffset}:`))] as const)
        : ([name, value] as const),
    )
    const [refused] = await intake.deliver({ ...record, headers, offset: 0, timestampMs: NOW })
    assert.equal(getFailure(refused).errorType, 'unknown-failure')
  })

  it('given a lost state, then an attempt that failed fails again, and the next one is applied', async () => {
    const intake = await createIntake()
    const failed = await intake.fail(untimed())
    const other = await intake.fail({ ...untimed(), offset: 9 })
    const [second] = await intake.redrive(failed, REFUSED)
    await intake.redrive(other)
    const failures = [
      logRecord(
        0,
        { key: null, ...writeEvent(getEvent(second)) },
        { topic: NAMES.topicName('failures', 'test') },
      ),
    ]
    const { stage, redriven } = intake
    stage.store.restore({ consumer: 'intake', topic: REDRIVES, partition: 0 }, undefined)
    const before = stage.outcomes.length
    const published = stage.publisher.publishedRecords.length
    // The current settings take every record, and only the last one is delivered again.
    await stage.consume(kafkaEvent(redriven.slice(-1)), {
      nowMs: () => NOW,
      publishedFailures: new PublishedFailureReader(),
      ports: { log: new MemoryLogReader([...redriven, ...failures]), bounds: new MemoryLogBounds(failures) },
    })
    assert.deepEqual(stage.outcomes.slice(before), ['failed/time-too-early', 'applied/taken'])
    assert.equal(stage.publisher.publishedRecords.length, published + 1)
    const [applied] = await intake.redrive(getFailure(second))
    assert.equal(applied?.topic, NAMES.topicName('readings', 'test'))
  })

  it('given redrive headers in an input, then they are not read: its producer has copied them', async () => {
    const intake = await createIntake()
    const { headers } = createRedrivenRecord(await intake.fail(untimed()))
    assert.equal((await intake.deliver({ ...untimed(), offset: 10, headers })).length, 1)
    assert.equal(intake.stage.outcomes.at(-1), 'applied/taken')
  })

  it('given a record of a topic that is not an input any more, then it fails with that reason', async () => {
    const intake = await createIntake()
    const failed = await intake.fail(untimed())
    const gone = getFailure((await intake.redrive({ ...failed, originalTopic: 'gone' }))[0])
    assert.deepEqual([gone.originalTopic, gone.errorType], ['gone', 'mapping-failed'])
    assert.match(gone.error, /its topic is no input of this environment/)
  })
})
