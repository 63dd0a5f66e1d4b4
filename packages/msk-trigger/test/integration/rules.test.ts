import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import type { Message } from 'kafkajs'
import { until } from '../../../../test/support/until.ts'
import { MAX_PAYLOAD_BYTES } from '../../invoke/event-size.ts'
import { numbered, TestKafka } from './kafka.ts'
import { assertAllInOrder } from './ordered.ts'
import { type Invocation, Project, recordsOf } from './project.ts'

const arn = 'arn:aws:kafka:eu-west-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
const selfManaged = {
  bootstrapServers: ['b-1.example:9092'],
  accessConfigurations: {
    saslScram512Auth: ['arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-AbCdEf'],
  },
}
/** The default window of rule 3. */
const DEFAULT_WINDOW_MS = 500

/** The rules that depend on a real Kafka. `test/promises.yaml` names a test of each of the 49. */
describe('the rules of an event source mapping', () => {
  let kafka: TestKafka
  let project: Project
  let topics: Record<string, string> = {}
  const topic = (name: string): string => topics[name] ?? assert.fail(`no topic ${name}`)
  const group = (name: string): string => project.group(name, topic(name))
  const sizes = (name: string) => project.invocations(name).map(one => recordsOf(one).length)

  before(async () => {
    kafka = await TestKafka.connect()
    const several = { msk1: 1, msk2: 1, own1: 1, own2: 1 }
    topics = await kafka.topics({ defaults: 1, zero: 1, payload: 1, five: 7, ...several })
    await kafka.send(topic('defaults'), numbered(0, 250))
    const msk = (name: string, own = {}) => ({ events: [{ msk: { arn, topic: topic(name), ...own } }] })
    const now = { maximumBatchingWindow: 0 }
    project = await Project.create(
      {
        defaults: msk('defaults'),
        zero: msk('zero', { batchSize: 10_000, ...now }),
        payload: msk('payload', { maximumBatchingWindow: 300 }),
        five: { timeout: 60, ...msk('five', { batchSize: 1, ...now }) },
        several: {
          events: [
            { msk: { arn, topic: topic('msk1'), ...now } },
            { msk: { arn, topic: topic('msk2'), ...now } },
            { kafka: { ...selfManaged, topic: topic('own1'), ...now } },
            { kafka: { ...selfManaged, topic: topic('own2'), ...now } },
          ],
        },
        also: msk('msk1', now),
      },
      {
        defaults: '',
        zero: '',
        payload: '',
        five: `while (!existsSync('go')) await delay(20)`,
        several: '',
        also: '',
      },
    )
    await project.start()
  })
  after(async () => {
    await project?.remove()
    await kafka?.close()
  })

  it('given no settings, then a batch has 100 records at most (rule 2)', async () => {
    await kafka.untilCommitted(group('defaults'), topic('defaults'), [250])
    assert.deepEqual(sizes('defaults'), [100, 100, 50])
  })

  it('given no settings, then a batch that is not full waits for 500 ms (rules 1, 3)', async () => {
    await kafka.send(topic('defaults'), numbered(250, 251))
    await kafka.untilCommitted(group('defaults'), topic('defaults'), [251])
    assert.ok(waitedMs(project.invocations('defaults').at(-1)) >= DEFAULT_WINDOW_MS)
  })

  it('given a window of 0, then nothing is waited for, whatever the batch size (rules 5, 6)', async () => {
    let sent = 0
    // A single one can take as long as a window on a slow machine.
    await until('one is delivered before a window would have ended', async () => {
      sent += 1
      await kafka.send(topic('zero'), numbered(sent, sent + 1))
      await until('it is delivered', () => project.invocations('zero').length === sent)
      return waitedMs(project.invocations('zero').at(-1)) < DEFAULT_WINDOW_MS
    })
  })

  it('given large records, then a batch ends before its JSON has more than 6 MB (rules 1, 8)', async () => {
    // About 1.2 MB each: base64 makes a value a third larger, and a byte of a header takes four characters.
    const large: Message[] = [
      { value: Buffer.alloc(900_000, 'x') },
      { value: '', headers: { h: Buffer.alloc(300_000, 255) } },
    ]
    for (const message of [...large, ...large, ...large, ...large])
      await kafka.send(topic('payload'), [{ partition: 0, ...message }])
    await until('a batch that no window has ended', () => project.invocations('payload').length > 0)
    const [{ event }] = project.invocations('payload') as [Invocation]
    const bytes = JSON.stringify(event).length
    assert.equal(recordsOf({ event }).length, 5)
    assert.ok(bytes <= MAX_PAYLOAD_BYTES && bytes + 1_200_000 > MAX_PAYLOAD_BYTES, `${bytes} bytes`)
  })

  it('given seven partitions, then five batches run at once, and never more (rule 18)', async () => {
    await kafka.send(
      topic('five'),
      Array.from({ length: 7 }, (_, partition) => ({ partition, value: 'x' })),
    )
    await until('five to run', () => project.invocations('five').length >= 5)
    await writeFile(project.file('go'), '')
    await kafka.untilCommitted(group('five'), topic('five'), Array(7).fill(1))
    assert.equal(mostAtOnce(project.invocations('five')), 5)
  })

  it('given two mappings of each kind in one function, then each has its own group and event (rule 11)', async () => {
    const kinds = { msk1: 'aws:kafka', msk2: 'aws:kafka', own1: 'SelfManagedKafka', own2: 'SelfManagedKafka' }
    for (const name of Object.keys(kinds)) await kafka.send(topic(name), numbered(0, 30))
    for (const [name, eventSource] of Object.entries(kinds)) {
      await kafka.untilCommitted(project.group('several', topic(name)), topic(name), [30])
      const own = project.invocations('several').filter(({ event }) => `${topic(name)}-0` in event.records)
      assertAllInOrder(own, topic(name), [30])
      for (const { event } of own) {
        assert.deepEqual(Object.keys(event.records), [`${topic(name)}-0`], 'no batch mixes topics')
        assert.equal(event.eventSource, eventSource)
        assert.equal(event.eventSourceArn, eventSource === 'aws:kafka' ? arn : undefined)
      }
    }
    // Another function that reads one of these topics has all of it, too.
    await kafka.untilCommitted(project.group('also', topic('msk1')), topic('msk1'), [30])
    assertAllInOrder(project.invocations('also'), topic('msk1'), [30])
  })
})

/** How long the first record of a batch waited before the handler ran, by the clock of this machine. */
function waitedMs(invocation: Invocation | undefined): number {
  const first = Math.min(...(invocation ? recordsOf(invocation).map(({ timestamp }) => timestamp) : []))
  return (invocation?.startedAtMs ?? Number.NaN) - first
}

/** The highest number of invocations that ran at the same time. */
function mostAtOnce(invocations: readonly Invocation[]): number {
  const runningAt = (atMs: number) =>
    invocations.filter(
      ({ startedAtMs, endedAtMs }) => startedAtMs <= atMs && (endedAtMs ?? Number.POSITIVE_INFINITY) > atMs,
    ).length
  return Math.max(...invocations.map(({ startedAtMs }) => runningAt(startedAtMs)))
}
