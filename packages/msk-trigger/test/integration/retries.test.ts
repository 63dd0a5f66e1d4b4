import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { TestKafka } from './kafka.ts'
import { Project, recordsOf } from './project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/id'
const common = { arn, maximumBatchingWindow: 1, provisionedPollerConfig: { minimumPollers: 1 } }
/** Fails if one of these offsets is in the batch. */
const failsAt = (...offsets: number[]) =>
  `if (Object.values(event.records).flat().some(r => [${offsets}].includes(r.offset))) throw new Error('boom')`

describe('a failed batch', () => {
  let kafka: TestKafka
  let project: Project
  const topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const group = (name: string): string => project.group(name, topic(name))
  const batches = (name: string) =>
    project
      .invocations(name)
      .map(one => recordsOf(one).map(({ partition, offset }) => `${partition}@${offset}`))
  const values = (count: number, part = {}) =>
    Array.from({ length: count }, (_, n) => ({ partition: 0, value: `${n}`, ...part }))

  before(async () => {
    kafka = await TestKafka.connect()
    const partitions = { maximum: 2, bisect: 1, age: 1, malformed: 1, hangs: 1, exits: 1, failed: 1 }
    for (const [name, count] of Object.entries(partitions)) topics[name] = await kafka.topic(name, count)
    const msk = (name: string, more: object) => ({
      events: [{ msk: { ...common, topic: topic(name), ...more } }],
    })
    const reports = { functionResponseType: 'ReportBatchItemFailures' }
    const onFailureDestination = `kafka://${topic('failed')}`
    project = await Project.create(
      {
        maximum: msk('maximum', { maximumRetryAttempts: 2 }),
        bisect: msk('bisect', {
          maximumRetryAttempts: 1,
          bisectBatchOnFunctionError: true,
          onFailureDestination,
        }),
        age: msk('age', { maximumRecordAgeInSeconds: 60 }),
        malformed: msk('malformed', { ...reports, maximumRetryAttempts: 6 }),
        hangs: { timeout: 3, ...msk('hangs', { maximumRetryAttempts: 1 }) },
        exits: msk('exits', { maximumRetryAttempts: 1 }),
      },
      {
        maximum: failsAt(1),
        bisect: failsAt(5),
        age: '',
        malformed: `
          if (process.env.REPORT_BATCH_ITEM_FAILURES !== 'true') return {}
          const answers = [
            'no', { batchItemFailures: 'all' }, { batchItemFailures: [{}] },
            { batchItemFailures: [{ itemIdentifier: { partition: Object.keys(event.records)[0], offset: '0' } }] },
            { batchItemFailures: [{ itemIdentifier: { 'topic-partition': Object.keys(event.records)[0], offset: 0 } }] },
            { batchItemFailures: [{ itemIdentifier: { partition: 'no-such-0', offset: 0 } }] },
          ]
          return answers[attempt - 1]`,
        hangs: 'if (values.includes("0")) while (true);',
        exits: 'if (values.includes("0")) process.exit(7)',
      },
      { mskTrigger: { announceResponseType: true } },
    )
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('is retried up to the maximum after the first attempt; later batches continue (rule 26)', async () => {
    await kafka.send(topic('maximum'), [...values(2), { partition: 1, value: 'x' }])
    await kafka.untilCommitted(group('maximum'), topic('maximum'), [2, 1])
    assert.deepEqual(batches('maximum'), Array(3).fill(batches('maximum')[0]))
    await kafka.send(topic('maximum'), [{ partition: 0, value: 'later' }])
    await kafka.untilCommitted(group('maximum'), topic('maximum'), [3, 1])
    assert.equal(batches('maximum').length, 4)
  })

  it('is halved until the bad record is alone, in order and one half at a time (rules 19, 29)', async () => {
    await kafka.send(topic('bisect'), values(8))
    await kafka.untilCommitted(group('bisect'), topic('bisect'), [8])
    const at = (...offsets: number[]) => offsets.map(offset => `0@${offset}`)
    assert.deepEqual(batches('bisect'), [
      at(0, 1, 2, 3, 4, 5, 6, 7),
      at(0, 1, 2, 3),
      at(4, 5, 6, 7),
      at(4, 5),
      at(4),
      at(5),
      at(5),
      at(6, 7),
    ])
    const invocations = project.invocations('bisect')
    for (const [n, { startedAtMs }] of invocations.slice(1).entries()) {
      assert.ok(startedAtMs >= (invocations[n]?.endedAtMs ?? Number.NaN))
    }
    const failed = (await kafka.records(topic('failed'))).map(({ value }) => JSON.parse(`${value}`))
    assert.deepEqual(
      failed.map(({ KafkaBatchInfo, requestContext }) => [
        KafkaBatchInfo.recordInfo.offset,
        requestContext.approximateInvokeCount,
      ]),
      [['5', 5]],
    )
  })

  it('is not delivered at all if its records are too old (rule 28)', async () => {
    const old = { timestamp: `${Date.now() - 61_000}` }
    await kafka.send(topic('age'), [...values(2, old), ...values(1)])
    await kafka.untilCommitted(group('age'), topic('age'), [3])
    assert.deepEqual(batches('age'), [['0@2']])
    assert.match(
      project.output,
      /-0@0–1 discarded: RecordAgeExceeded, older than 60000 ms\. There is no destination/,
    )
  })

  it('is retried as a whole while the response is invalid (rules 23, 30)', async () => {
    await kafka.send(topic('malformed'), values(2))
    await kafka.untilCommitted(group('malformed'), topic('malformed'), [2])
    assert.deepEqual(batches('malformed'), Array(7).fill(['0@0', '0@1']))
  })

  it('can be caused by a handler that blocks its event loop (rule 23)', async () => {
    await kafka.send(topic('hangs'), values(1))
    await kafka.untilCommitted(group('hangs'), topic('hangs'), [1])
    assert.equal(batches('hangs').length, 2)
    await kafka.send(topic('hangs'), [{ value: 'works again' }])
    await kafka.untilCommitted(group('hangs'), topic('hangs'), [2])
    assert.match(project.output, /discarded: .* timeout: the handler took longer than 3000 ms/)
  })

  it('can be caused by a handler that ends its process', async () => {
    await kafka.send(topic('exits'), values(1))
    await kafka.untilCommitted(group('exits'), topic('exits'), [1])
    await kafka.send(topic('exits'), [{ value: 'works again' }])
    await kafka.untilCommitted(group('exits'), topic('exits'), [2])
    assert.equal(batches('exits').length, 3)
    assert.match(project.output, /discarded: .* the handler ended its process with exit code 7/)
  })
})
