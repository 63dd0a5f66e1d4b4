import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Redis } from 'ioredis'
import { outcomesOf } from '../../lib/queries/outcomes.ts'
import { RedisClient } from '../../lib/runtime/adapters/redis/client.ts'
import { StateInspection } from '../../lib/runtime/adapters/redis/inspection.ts'
import type { KafkaEvent } from '../../lib/runtime/pipeline/receive.ts'
import type { BatchResponse } from '../../lib/runtime/pipeline/respond.ts'
import { TestEnvironment } from '../support/environment.ts'
import { keptBundles } from '../support/kept-bundles/variables.ts'
import { Offline } from '../support/offline.ts'
import { PROJECT, runProgram } from '../support/program.ts'
import { redisUrl } from '../support/servers.ts'

/** What must come out of a batch, see `events/README.md`. */
interface Expected {
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: Readonly<Record<string, number>>
  readonly response: BatchResponse
}

const EVENTS = join(PROJECT, 'events')
const manifest = JSON.parse(await readFile(join(EVENTS, 'manifest.json'), 'utf8'))
const batches = Object.entries(manifest.batches as Record<string, Expected>)

/**
 * The command runs the same handler as the endpoint, in seconds instead of milliseconds: one batch of which everything is applied, and
 * one with every kind of failure, show that both get the same event and give the same answer.
 */
const THROUGH_BOTH = ['batches/good.json', 'batches/poison.json']

/** The batches repeat offsets of the same partitions, so each needs an empty store: a database of this test's own. */
const STORE = `${redisUrl()}/7`

describe('the captured batches', { timeout: 180_000 }, () => {
  let environment: TestEnvironment
  let offline: Offline
  const redis = new Redis(STORE)
  const client = new RedisClient({ url: STORE })
  const seen = new Set<string>()

  before(async () => {
    environment = await TestEnvironment.create()
    offline = await Offline.start(environment.name, { REDIS_URL: STORE })
  })

  after(async () => {
    await offline?.stop()
    await environment?.close()
    client.close()
    redis.disconnect()
  })

  it('are there', () => {
    const files = batches.map(([file]) => file)
    assert.ok(files.length > THROUGH_BOTH.length)
    assert.deepEqual(
      THROUGH_BOTH.filter(file => !files.includes(file)),
      [],
    )
  })

  function invokeLocal(name: string, file: string) {
    const args = ['invoke', 'local', '--function', name, '--path', join('events', file)]
    const buildDir = `${offline.buildDir}/invoke`
    const env = {
      ...keptBundles(),
      SLUICE_LIVE: '1',
      SLUICE_ENV: environment.name,
      SLUICE_BUILD_DIR: buildDir,
      REDIS_URL: STORE,
    }
    return runProgram('serverless', args, { env })
  }

  it('through invoke local on the running stack: alerting, too, which reads its rules from the project', async () => {
    await redis.flushdb()
    const { code, output, stdout } = await invokeLocal('alerting', 'batches/good.json')
    assert.equal(code, 0, output)
    assert.deepEqual(answerIn(stdout), { batchItemFailures: [] }, output)
  })

  for (const [file, expected] of batches) {
    it(`${file} through Lambda's endpoint: the processor answers as the manifest says`, async () => {
      await redis.flushdb()
      const batch = await captured(file)
      assert.deepEqual(await offline.invoke('processor', batch), expected.response)
      assert.deepEqual(await decided(batch), expected.outcomes)
      assert.deepEqual(await newFailures(), expected.failures)
    })

    if (!THROUGH_BOTH.includes(file)) continue
    it(`${file} through serverless invoke local on the running stack: just the same`, async () => {
      await redis.flushdb()
      const { code, output, stdout } = await invokeLocal('processor', file)
      assert.equal(code, 0, output)
      assert.deepEqual(answerIn(stdout), expected.response, output)
      assert.deepEqual(await decided(await captured(file)), expected.outcomes)
      // The same events as before, by their ids.
      assert.deepEqual(await newFailures(), {})
    })
  }

  async function decided(batch: KafkaEvent): Promise<Readonly<Record<string, number>>> {
    const partitions = Object.values(batch.records).map(([first]) => {
      const { topic = '', partition = 0 } = first ?? {}
      return { consumer: 'processor', topic, partition }
    })
    return (await outcomesOf(new StateInspection(client), partitions)).reasons
  }

  /** The failures that were not there before, counted by their codes. */
  async function newFailures(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { headers, value } of await environment.read('failures')) {
      const id = String(headers?.ce_id)
      if (seen.has(id)) continue
      seen.add(id)
      const { errorType } = JSON.parse(String(value))
      counts[errorType] = (counts[errorType] ?? 0) + 1
    }
    return counts
  }
})

async function captured(file: string): Promise<KafkaEvent> {
  return JSON.parse(await readFile(join(EVENTS, file), 'utf8'))
}

/** What the handler returned: the document at the end of the output, after the function's own log lines. */
function answerIn(stdout: string): unknown {
  const start = stdout.search(/^\{\s*"batchItemFailures"/m)
  return start === -1 ? undefined : JSON.parse(stdout.slice(start))
}
