import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { ForeignRecord } from '@sluice/test-kit/foreign-client'
import { PROJECT, Program, runProgram } from '@sluice/test-kit/program'
import { redisUrl } from '@sluice/test-kit/servers'
import { RedisClient } from '#runtime/operating/redis'
import { toLogRecord } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import type { Answers } from '../../console/api/all-routes.ts'
import { createStatistics } from '../../lib/analytics/processor.ts'
import { TestEnvironment } from '../support/environment.ts'
import { FAMILIES } from '../support/families.ts'
import { runSluice, sluice } from '../support/sluice.ts'
import { Stage } from '../support/stage.ts'

const HEATWAVE = join(PROJECT, 'events', 'streams', 'heatwave.jsonl')

describe('the sluice command, against Kafka and Redis', () => {
  let environment: TestEnvironment
  const replayed = (...args: string[]) => sluice('replay', ...args, '--env', environment.name)

  before(async () => {
    environment = await TestEnvironment.create()
  })

  after(() => environment?.close())

  it('when a stream is replayed, then a foreign client reads its events, each entity in its order', async () => {
    const output = await replayed(HEATWAVE, '--speed', 'max')
    assert.match(output, /^291 acknowledged, 0 not acknowledged/m)
    const records = await environment.read('readings')
    const recorded = (await readFile(HEATWAVE, 'utf8')).trim().split('\n')
    const expected = recorded.map(line => JSON.parse(line) as { id: string; subject: string })
    assert.equal(records.length, expected.length)
    const consumed = await sluice('consume', '--no-follow', '--flat', '--env', environment.name)
    const ids = consumed
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).event_id)
    assert.deepEqual(ids.toSorted(), expected.map(({ id }) => id).toSorted())
    for (const subject of new Set(expected.map(event => event.subject))) {
      const own = records.filter(({ key }) => String(key) === subject)
      assert.equal(new Set(own.map(({ partition }) => partition)).size, 1)
      const ids = expected.filter(event => event.subject === subject).map(({ id }) => id)
      assert.deepEqual(own.map(getId), ids)
    }
  })

  it('when readings are generated, then the end says how many bytes were sent, and how long Kafka took', async () => {
    const args = [
      'generate',
      '--kafka-topic',
      'generated',
      '--rate',
      'max',
      '--count',
      '200',
      '--env',
      environment.name,
    ]
    assert.match(
      await sluice(...args),
      /^Kafka: 200 acknowledged, 0 errors, [\d.]+ KiB, latency [\d.]+ ms \(p50\), [\d.]+ ms \(p99\)$/m,
    )
    const { stdout } = await runSluice([...args, '--json'])
    const { acknowledged, bytes_sent, latency_ms } = JSON.parse(stdout)
    assert.equal(acknowledged, 200)
    assert.ok(bytes_sent > 1_000, `${bytes_sent} bytes`)
    assert.ok(latency_ms.p50 > 0 && latency_ms.p50 <= latency_ms.p99, JSON.stringify(latency_ms))
  })

  it('when the processor has them, then stats shows them; and after a second replay, only more duplicates', async () => {
    const processor = new Processor(environment)
    try {
      await processor.catchUp()
      const first = await readStats(environment)
      assert.match(first.notes.join(), /^Processor: 291 readings applied .*, 0 duplicates, /)
      const counts = first.rows.map(({ entity, count }) => [entity, count])
      assert.deepEqual(counts, [
        ['/environment/vienna roof-1', 99],
        ['/environment/vienna roof-2', 96],
        ['/environment/vienna yard-1', 96],
      ])
      await replayed(HEATWAVE, '--speed', 'max')
      await processor.catchUp()
      const second = await readStats(environment)
      assert.match(second.notes.join(), /^Processor: 291 readings applied .*, 291 duplicates, /)
      assert.deepEqual(second.rows, first.rows)
      const table = await sluice('stats', 'roof-1', '--env', environment.name)
      assert.match(table, /roof-1 +temperature +99 /)
      assert.doesNotMatch(table, /roof-2/)
      const watching = new Program('./cli/sluice.ts', [
        'stats',
        'roof-1',
        '--watch',
        '--env',
        environment.name,
      ])
      await watching.says(/roof-1 +temperature +99 [\s\S]*roof-1 +temperature +99 /)
      watching.signal('SIGINT')
      const { code, output } = await watching.ended
      assert.equal(code, 0, output)
    } finally {
      processor.close()
    }
  })
})

/** The processor over all that is in the topic, in this process, with its state in Redis. */
class Processor {
  readonly #environment: TestEnvironment
  readonly #redis = new RedisClient({ url: redisUrl() })
  readonly #stage: Stage

  constructor(environment: TestEnvironment) {
    this.#environment = environment
    this.#stage = new Stage(createStatistics(FAMILIES), { store: new RedisStateStore(this.#redis) })
  }

  async catchUp(): Promise<void> {
    const topic = this.#environment.topic('readings')
    const records = (await this.#environment.read('readings')).map(record =>
      toLogRecord(topic, record.partition, record),
    )
    assert.deepEqual(await this.#stage.batch(records), {
      batchItemFailures: [],
    })
  }

  close(): void {
    this.#redis.close()
  }
}

async function readStats(environment: TestEnvironment): Promise<Answers['/telemetry/statistics']> {
  const args = ['stats', '--metric', 'temperature', '--json', '--env', environment.name]
  return JSON.parse((await runProgram('./cli/sluice.ts', args)).stdout)
}

function getId({ headers }: ForeignRecord): string {
  return String(headers?.ce_id)
}
