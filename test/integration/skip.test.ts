/** A record that hangs a consumer, on real servers: it is set aside, and redriven to mended code. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { brokers, redisUrl } from '@sluice/test-kit/servers'
import { writeEvent } from '#runtime/cloudevents'
import { environmentReading as reading } from '#runtime/test/support/records'
import { userOfMachine } from '../../scripts/machine-user.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FailingConsumer } from '../support/failing-consumer.ts'
import { ran } from '../unit/cli/terminal.ts'

describe('sluice skip', () => {
  let environment: TestEnvironment
  let consumer: FailingConsumer

  before(async () => {
    environment = await TestEnvironment.create()
    consumer = new FailingConsumer(environment)
    consumer.fails = false
    await send('first', 'hangs', 'between', 'ends', 'last')
  })

  after(async () => {
    consumer?.close()
    await environment?.close()
  })

  async function send(...ids: string[]): Promise<void> {
    const readings = ids.map(id => {
      const { value, headers } = writeEvent(reading(id))
      return { key: 's-1', value, headers: Object.fromEntries(headers) }
    })
    await environment.client.send(environment.topic('readings'), readings)
  }

  async function sluice(...args: string[]) {
    return ran(args, {
      environment: {
        KAFKA_BROKERS: brokers().join(','),
        REDIS_URL: redisUrl(),
        SLUICE_ENV: environment.name,
      },
    })
  }

  async function report(...args: string[]) {
    const { status, stdout, stderr } = await sluice(...args, '--json')
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout)
  }

  /** `PARTITION@OFFSET` of a reading of this test. */
  async function readPlace(id: string): Promise<string> {
    const found = (await environment.read('readings')).find(({ headers }) => String(headers?.ce_id) === id)
    return `${found?.partition}@${found?.offset}`
  }

  // Promise docs/failures.md#a-record-that-stops-its-function | A record that hangs or ends its function is set aside by its offset as a dead letter, and redriven to mended code.
  it('given records that hang and end the function, then both are set aside and redriven', async () => {
    const [hangs, ends] = [await readPlace('hangs'), await readPlace('ends')]
    const dry = await report('skip', 'processor', hangs, ends, '--dry-run')
    assert.deepEqual([dry.plan.records.length, dry.result], [2, null])
    const { result } = await report('skip', 'processor', hangs, ends, '--yes')
    assert.deepEqual(
      result.records.map(
        ({ partition, offset }: { partition: number; offset: number }) => `${partition}@${offset}`,
      ),
      [hangs, ends],
    )

    // This processor would apply them: they do not reach it.
    await consumer.catchUp()
    assert.deepEqual(await consumer.tally(), { 'applied/counted': 3, 'failed/skipped': 2 })
    const letters = await consumer.bury()
    assert.deepEqual(
      letters.map(({ originalPartition, originalOffset }) => `${originalPartition}@${originalOffset}`),
      [hangs, ends],
    )
    assert.equal((await report('dlq', 'redrive', '--code', 'skipped', '--yes')).result.taken, 2)
    await consumer.catchUp()
    assert.deepEqual(
      [...(await consumer.applied()).values()],
      [['first', 'between', 'last', 'hangs', 'ends']],
    )

    const audits = await environment.audits()
    const { action, by, filter, counts } = audits.find(audit => audit.action === 'skip') ?? {}
    const topic = environment.topic('readings')
    assert.deepEqual(
      { action, by, filter, counts },
      {
        action: 'skip',
        by: userOfMachine(),
        filter: { consumer: 'processor', topic, at: `${hangs}, ${ends}` },
        counts: { skipped: 2 },
      },
    )
  })

  it('given a record that is decided, is not there, or is of another topic, then it is refused', async () => {
    const refusals: [at: string, message: RegExp][] = [
      [await readPlace('first'), /has already processed .*: its applied offset is \d+/],
      ['0@999999', /The log has no record .*\/0@999999/],
      ['99@0', /has 12 partitions/],
    ]
    for (const [at, message] of refusals) {
      const { status, stderr } = await sluice('skip', 'processor', at, '--yes')
      assert.match(stderr, message)
      assert.notEqual(status, 0)
    }
  })

  it('given a record that is set aside, then that can be taken back', async () => {
    await send('later')
    const at = await readPlace('later')
    await report('skip', 'processor', at, '--yes')
    assert.match(
      (await sluice('skip', 'undo', 'processor', at)).stdout,
      new RegExp(`No longer skipped: ${at}`),
    )
    assert.match(
      (await sluice('skip', 'undo', 'processor', at)).stderr,
      new RegExp(`Not skipped before: ${at}`),
    )
    await consumer.catchUp()
    assert.equal((await consumer.applied()).values().next().value?.at(-1), 'later')
  })
})
