import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { until } from '@sluice/test-kit/until'
import { TestAws, WITHOUT_AWS } from './aws.ts'
import { BROKERS, TestKafka } from './kafka.ts'
import { Project } from './project.ts'

const CLUSTER = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const POLLERS = { provisionedPollerConfig: { minimumPollers: 1 } }
const FAILS = `if (values.includes('bad')) throw new Error('boom')`

describe('a discarded record', { skip: WITHOUT_AWS }, () => {
  let kafka: TestKafka
  let aws: TestAws
  let project: Project
  let queue: Awaited<ReturnType<TestAws['queue']>>
  let notifications: Awaited<ReturnType<TestAws['topic']>>
  let bucket: Awaited<ReturnType<TestAws['bucket']>>
  let distant: Awaited<ReturnType<TestAws['distantQueue']>>
  const topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const group = (name: string): string => project.group(name, topic(name))
  const functionArn = (name: string) =>
    `arn:aws:lambda:eu-west-1:123456789012:function:${project.service}-it-${name}`

  before(async () => {
    kafka = await TestKafka.connect()
    aws = new TestAws()
    ;[queue, notifications, bucket, distant] = await Promise.all([
      aws.queue(),
      aws.topic(),
      aws.bucket(),
      aws.distantQueue(),
    ])
    const partitions = {
      sqs: 2,
      sns: 1,
      s3: 1,
      kafka: 1,
      failed: 3,
      distant: 1,
      large: 1,
    }
    for (const [name, count] of Object.entries(partitions)) topics[name] = await kafka.topic(name, count)
    topics.small = await kafka.topic('small', 1, { 'max.message.bytes': '6000' })
    const msk = (name: string, onFailureDestination: unknown, more = {}) => {
      const destination = onFailureDestination === undefined ? {} : { onFailureDestination }
      const own = { arn: CLUSTER, topic: topic(name), maximumRetryAttempts: 1, maximumBatchingWindow: 1 }
      return { events: [{ msk: { ...own, ...POLLERS, ...destination, ...more } }] }
    }
    const toTopic = `kafka://${topic('failed')}`
    project = await Project.create(
      {
        // References to resources of the service, whose kind is inferred.
        sqs: msk('sqs', { Ref: 'Queue' }),
        sns: msk('sns', { Ref: 'Topic' }),
        s3: msk('s3', { 'Fn::GetAtt': ['Bucket', 'Arn'] }),
        kafka: msk('kafka', toTopic),
        distant: msk('distant', distant.arn),
        large: msk('large', `kafka://${topic('small')}`),
      },
      {
        sqs: FAILS,
        sns: FAILS,
        s3: FAILS,
        kafka: FAILS,
        distant: FAILS,
        large: FAILS,
      },
      {
        resources: {
          Resources: {
            Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: formatName(queue.arn) } },
            Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: formatName(notifications.arn) } },
            Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: formatName(bucket.arn) } },
          },
        },
      },
    )
    await project.start()
  })

  after(async () => {
    await project?.remove()
    await kafka?.close()
    aws?.close()
  })

  /** Waits for the only message, and parses it. */
  async function received(receive: () => Promise<string[]>) {
    const messages: string[] = []
    await until('a message', async () => messages.push(...(await receive())) > 0)
    assert.equal(messages.length, 1)
    return JSON.parse(messages[0] ?? '')
  }

  /** The complete payload of rule 44. Values that are known only on arrival are copied from the message. */
  const metadata = (
    name: string,
    given: Record<string, Record<string, unknown> | undefined>,
    info: object,
  ) => ({
    requestContext: {
      requestId: given.requestContext?.requestId,
      functionArn: functionArn(name),
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 2,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: given.timestamp,
    KafkaBatchInfo: {
      eventSourceArn: CLUSTER,
      bootstrapServers: BROKERS,
      payloadSize: given.KafkaBatchInfo?.payloadSize,
      ...info,
    },
  })
  const time = (ms: number) => new Date(ms).toISOString()

  it('goes to SQS as metadata only, and is committed after that (rules 26, 41, 44)', async () => {
    await kafka.send(topic('sqs'), [
      { partition: 0, value: 'good', timestamp: '1700000000000' },
      { partition: 0, value: 'bad', timestamp: '1700000000001' },
      { partition: 1, value: 'good', timestamp: '1700000000002' },
    ])
    const message = await received(queue.receive)
    const range = (first: string, last: string, from: number, to: number) => ({
      firstRecordOffset: first,
      lastRecordOffset: last,
      firstRecordTimestamp: time(from),
      lastRecordTimestamp: time(to),
    })
    const recordsInfo = {
      [`${topic('sqs')}-0`]: range('0', '1', 1_700_000_000_000, 1_700_000_000_001),
      [`${topic('sqs')}-1`]: range('0', '0', 1_700_000_000_002, 1_700_000_000_002),
    }
    assert.deepEqual(message, metadata('sqs', message, { batchSize: 3, recordsInfo }))
    const [invocation] = project.invocations('sqs')
    assert.equal(message.KafkaBatchInfo.payloadSize, JSON.stringify(invocation?.event).length)
    assert.match(String(message.requestContext.requestId), /^[0-9a-f-]{36}$/)
    await kafka.untilCommitted(group('sqs'), topic('sqs'), [2, 1])
    assert.equal(project.invocations('sqs').length, 2)
  })

  // Promise packages/msk-trigger/RULES.md#rule 41
  // Promise packages/msk-trigger/RULES.md#rule 49
  it('goes to SNS in the same form (rules 41, 49)', async () => {
    await kafka.send(topic('sns'), [{ value: 'bad', timestamp: '1700000000000' }])
    const message = await received(notifications.receive)
    const { recordsInfo } = message.KafkaBatchInfo
    assert.deepEqual(message, metadata('sns', message, { batchSize: 1, recordsInfo }))
    assert.deepEqual(Object.keys(recordsInfo), [`${topic('sns')}-0`])
    await kafka.untilCommitted(group('sns'), topic('sns'), [1])
  })

  it('goes to S3 with the whole event as text, also if the bucket encrypts with KMS (rules 41, 46)', async () => {
    await kafka.send(topic('s3'), [{ key: 'k', value: 'bad' }, { value: 'good' }])
    await kafka.untilCommitted(group('s3'), topic('s3'), [2])
    const objects = Object.entries(await bucket.objects())
    const [key = '', body = ''] = objects.find(([, text]) => text.includes('-it-s3')) ?? []
    assert.match(
      key,
      /^aws\/lambda\/[0-9a-f-]{36}\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
    )
    const { payload, ...rest } = JSON.parse(body)
    const { recordsInfo } = rest.KafkaBatchInfo
    assert.deepEqual(rest, metadata('s3', rest, { batchSize: 2, recordsInfo }))
    assert.deepEqual(JSON.parse(payload), project.invocations('s3')[0]?.event)
  })

  // Promise packages/msk-trigger/RULES.md#rule 50
  it('goes to a queue of another account in another region (rule 50)', async () => {
    await kafka.send(topic('distant'), [{ value: 'bad' }])
    const message = await received(distant.receive)
    assert.equal(message.requestContext.functionArn, functionArn('distant'))
    await kafka.untilCommitted(group('distant'), topic('distant'), [1])
  })

  it('goes to a topic once, also while the topic is too small for another of its batch (rule 50)', async () => {
    const sizes = [1_500, 1_500, 6_000, 1_500, 1_500]
    await kafka.send(topic('large'), [
      { key: '0', value: 'bad' },
      ...sizes.map((size, at) => ({ key: `${at + 1}`, value: 'x'.repeat(size) })),
    ])
    const fault =
      /Not sent to kafka:\/\/small\S* \(attempt 2\).* a copy of \d+ bytes is larger than the topic's max\.message\.bytes/
    await until('a second attempt', () => fault.test(project.output))
    await kafka.configure(topic('small'), { 'max.message.bytes': '1000000' })
    await kafka.untilCommitted(group('large'), topic('large'), [6])
    const keys = (await kafka.records(topic('small'))).map(({ key }) => `${key}`)
    assert.deepEqual(keys.toSorted(), ['0', '1', '2', '3', '4', '5'])
  })

  it('goes to a topic by itself, under its own key, with the event as an object (rules 43, 47)', async () => {
    const at = 1_749_116_692_330
    await kafka.send(topic('kafka'), [
      { key: 'one', value: 'bad', timestamp: `${at}` },
      { key: null, value: 'good', timestamp: `${at}` },
      { key: 'one', value: 'good', timestamp: `${at}` },
    ])
    await kafka.untilCommitted(group('kafka'), topic('kafka'), [3])
    const sent = (await kafka.records(topic('failed'))).filter(({ value }) => value?.includes('-it-kafka'))
    const bodies = sent.map(({ key, value = null }) => ({ key: key?.toString(), ...JSON.parse(`${value}`) }))
    const byOffset = bodies.toSorted((a, b) =>
      a.KafkaBatchInfo.recordInfo.offset.localeCompare(b.KafkaBatchInfo.recordInfo.offset),
    )
    const event = project.invocations('kafka')[0]?.event ?? assert.fail()
    const name = `${topic('kafka')}-0`
    assert.deepEqual(
      byOffset,
      byOffset.map(({ key: _, payload: __, ...given }, n) => {
        const info = { batchSize: 1, recordInfo: { offset: `${n}`, timestamp: time(at) } }
        const expected = metadata('kafka', given, info)
        Object.assign(expected.requestContext, {
          condition: 'RetriesExhausted',
          functionArn: `${functionArn('kafka')}:$LATEST`,
        })
        const records = { [name]: [event.records[name]?.[n]] }
        return { key: n === 1 ? undefined : 'one', ...expected, payload: { ...event, records } }
      }),
    )
    assert.equal(byOffset.length, 3)
    const keyed = sent.filter(({ key }) => key?.toString() === 'one')
    assert.equal(new Set(keyed.map(({ partition }) => partition)).size, 1, 'one key, one partition')
  })
})

function formatName(arn: string): string {
  return arn.split(':').at(-1) ?? ''
}
