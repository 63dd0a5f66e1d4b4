/** `sluice reprocess` that stops early, for each reason, on real servers: what it says, and that the next run computes the rest. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type Front, startFront } from '@sluice/test-kit/front'
import { PROJECT } from '@sluice/test-kit/program'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { writeEvent } from '#runtime/cloudevents'
import { RedisClient, RedisReplaceableStates } from '#runtime/operating/redis'
import { CopyStopped, type StateKey } from '#runtime/pipeline'
import { toLogRecord } from '#runtime/test/support/inside-kafka'
import { buildKeys, RedisStateStore } from '#runtime/test/support/inside-redis'
import { environmentReading as reading } from '#runtime/test/support/records'
import { computeVersions, loadConsumer } from '../../cli/recomputation/consumer.ts'
import { TestEnvironment } from '../support/environment.ts'
import { Stage } from '../support/stage.ts'
import { ran } from '../unit/cli/terminal.ts'

const SENSORS = 30

interface Stopped {
  readonly states: RedisReplaceableStates
  readonly state: StateKey
  readonly redis: RedisClient
  readonly front: Front
  readonly stop: () => void
}

describe('a reprocessing that stops early', () => {
  const redis = new RedisClient({ url: redisUrl() })
  let environment: TestEnvironment
  let stage: Stage
  let version = ''
  let url = redisUrl()

  before(async () => {
    environment = await TestEnvironment.create()
    const consumer = await loadConsumer('processor', variables())
    stage = new Stage(consumer.process as never, { store: new RedisStateStore(redis) })
    stage.consumer = consumer as never
    ;[version = ''] = await computeVersions('processor')
    const messages = Array.from({ length: SENSORS }, (_, sensor) => {
      const { value, headers } = writeEvent(reading(`r${sensor}`, { sensor: `s-${sensor}`, at: sensor }))
      return { key: `s-${sensor}`, value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), messages)
    await catchUp()
  })

  after(async () => {
    redis.close()
    await environment?.close()
  })

  const variables = () => ({
    KAFKA_BROKERS: brokers().join(','),
    REDIS_URL: url,
    SLUICE_ENV: environment.name,
  })

  /** Lets the live consumer decide the log, as the code of this project does. */
  async function catchUp(): Promise<void> {
    const topic = environment.topic('readings')
    const records = (await environment.read('readings')).map(record =>
      toLogRecord(topic, record.partition, record),
    )
    const ended = await stage.batch(records, { codeVersion: () => version, keptStates: undefined })
    assert.deepEqual(ended, { batchItemFailures: [] })
  }

  /** Returns the partitions that have a state. */
  async function listPartitions(): Promise<number[]> {
    const partitions = (await environment.read('readings')).map(({ partition }) => partition)
    return [...new Set(partitions)].sort((a, b) => a - b)
  }

  function reprocess(args: readonly string[], stop = new AbortController().signal) {
    return ran(['reprocess', 'processor', ...args, '--yes'], {
      environment: variables(),
      folder: PROJECT,
      stop,
    })
  }

  /** Lets something happen when the second partition is to be fenced. Returns the partitions that were fenced. */
  function atSecondFence(t: TestContext, act: (states: RedisReplaceableStates, state: StateKey) => unknown) {
    const fenced: number[] = []
    const { fence } = RedisReplaceableStates.prototype
    const method = t.mock.method(
      RedisReplaceableStates.prototype,
      'fence',
      async function (this: RedisReplaceableStates, ...of: Parameters<typeof fence>) {
        fenced.push(of[0].partition)
        if (fenced.length === 2) await act(this, of[0])
        return fence.apply(this, of)
      },
    )
    return { fenced, restore: () => method.mock.restore() }
  }

  /** Runs the command, lets something happen in its second partition, and checks that it says what was done and what to do. */
  async function stops(t: TestContext, said: RegExp | undefined, act: (stopped: Stopped) => unknown) {
    const front = await startFront(() => Number(new URL(redisUrl()).port))
    url = `redis://127.0.0.1:${front.port}`
    const controller = new AbortController()
    const stop = () => controller.abort()
    const { fenced, restore } = atSecondFence(t, (states, state) =>
      act({ states, state, redis, front, stop }),
    )
    const { status, stdout, stderr } = await reprocess(['--from', 'start'], controller.signal)
    restore()
    front.stop()
    url = redisUrl()
    assert.doesNotMatch(stderr, /bug in Sluice/)
    assert.match(stderr, /^Stopped\. Partitions that were switched before stay so\. Run the command again/m)
    if (said) assert.match(stderr, said)
    assert.notEqual(status, 0)
    const count = Number(/^(\d) partitions? switched\.$/m.exec(stdout)?.[1])
    return { switched: fenced.slice(0, count), left: fenced.slice(count) }
  }

  it('given a partition that cannot be switched, then it says so, and the rest can be abandoned', async t => {
    const error = new CopyStopped('failing', 'the deployed code fails for 9 records: correct the code first')
    const { switched } = await stops(t, new RegExp(`was not switched: ${error.message}\\.$`, 'm'), () => {
      throw error
    })
    assert.equal(switched.length, 1)
    assert.match((await reprocess(['--abandon'])).stdout, /^Removed 2 unfinished states/m)
  })

  // Promise docs/reprocess.md#how-the-switch-works
  for (const [why, said, act] of [
    [
      'another command takes it over',
      /was not switched: another command has begun to compute it/,
      ({ states, state }) => states.rebuilds.abandon(state),
    ],
    [
      'other code is deployed',
      /was deployed again meanwhile: .* other code: v9\/x\. Start again with the deployed code/,
      ({ redis, state }) => redis.run(client => client.hset(buildKeys(state).meta, 'code', 'v9/x')),
    ],
    [
      'Redis does not answer',
      /was not switched: Redis at .* does not answer: .*[^.]\.$/m,
      ({ front }) => front.stop(),
    ],
    ['Ctrl-C is pressed between two partitions', undefined, ({ stop }) => stop()],
  ] as readonly [string, RegExp | undefined, (stopped: Stopped) => unknown][])
    it(`given that ${why}, then it says so, and the next run computes the rest alone`, async t => {
      const { switched, left } = await stops(t, said, act)
      assert.equal(switched.length, why.includes('between') ? 2 : 1)
      if (why.startsWith('other code'))
        for (const partition of left) {
          const state = { consumer: 'processor', topic: environment.topic('readings'), partition }
          await new RedisReplaceableStates(redis).empty(state)
        }
      await catchUp()
      const again = await reprocess(['--from', 'start', '--json'])
      assert.equal(again.status, 0, again.stderr)
      const { plan, result } = JSON.parse(again.stdout)
      assert.deepEqual(plan.switched, switched)
      const computed = result.partitions.map(({ partition }: { partition: number }) => partition)
      assert.deepEqual([...switched, ...computed], await listPartitions())
    })

  it('given a stop, when the next run has another option, then it computes all from the start', async t => {
    await stops(t, undefined, ({ stop }) => {
      stop()
      throw new CopyStopped('stopped', 'reading was stopped')
    })
    const again = await reprocess(['--from', 'start', '--drop-older', '--json'])
    assert.equal(again.status, 0, again.stderr)
    const { plan, result } = JSON.parse(again.stdout)
    const partitions = await listPartitions()
    assert.deepEqual(plan.switched, [])
    assert.deepEqual(
      plan.partitions.map(({ nextOffset }: { nextOffset: number }) => nextOffset),
      partitions.map(() => 0),
    )
    assert.equal(result.partitions.length, partitions.length)
  })
})
