/** Tables declared in SQL on the test servers: puts statements into force, and lets the consumer `views` read the log. */
import assert from 'node:assert/strict'
import { writeEvent } from '#runtime/cloudevents'
import type { RedisClient } from '#runtime/operating/redis'
import { RedisValue } from '#runtime/operating/states'
import { type KafkaPublisher, toLogRecord } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import type { Signal } from '../../lib/app/naming/topic-table.ts'
import { compilePlan } from '../../lib/views/language/compile-plan.ts'
import { parse } from '../../lib/views/language/parser.ts'
import { createActivatedPlan, createActivationEvent } from '../../lib/views/plan-activation.ts'
import { views } from '../../lib/views/process.ts'
import type { TestEnvironment } from './environment.ts'
import { FAMILIES } from './families.ts'
import { Stage } from './stage.ts'

/** Puts statements into force. Call it before readings are sent: records that are before the plan in their partition do not count. */
export async function declareTables(
  environment: TestEnvironment,
  redis: RedisClient,
  publisher: KafkaPublisher,
  text: string,
): Promise<void> {
  const plan = createActivatedPlan(compilePlan(FAMILIES, [{ name: 'test.sql', text }], parse), [])
  await new RedisValue(redis, `views:${environment.name}`).write(plan)
  const time = new Date().toISOString()
  for (const signal of ['view-rows', 'readings', 'events'] as const) {
    const topic = environment.topic(signal)
    const { length } = await environment.client.ends(topic)
    const records = Array.from({ length }, (_, partition) => ({
      ...{ topic, partition, key: null },
      ...writeEvent(createActivationEvent(plan, partition, time), 'binary'),
    }))
    await publisher.publish(records)
  }
}

/** Consumer `views`, which reads its topics when `catchUp` is called. */
export class ViewsStage {
  readonly #environment: TestEnvironment
  readonly #stage: Stage
  readonly #read = new Map<string, number>()

  constructor(environment: TestEnvironment, redis: RedisClient, publisher: KafkaPublisher) {
    this.#environment = environment
    this.#stage = new Stage(views(FAMILIES) as never, { store: new RedisStateStore(redis), publisher })
    this.#stage.consumer = { ...this.#stage.consumer, env: environment.name }
  }

  /** Reads what the topics have had since the last call. */
  async catchUp(): Promise<void> {
    for (const signal of ['readings', 'view-rows'] as const) await this.#deliver(signal)
  }

  async #deliver(signal: Signal): Promise<void> {
    const topic = this.#environment.topic(signal)
    const records = (await this.#environment.read(signal))
      .map(record => toLogRecord(topic, record.partition, record))
      .filter(({ partition, offset }) => offset >= (this.#read.get(`${topic} ${partition}`) ?? 0))
    for (const { partition, offset } of records) this.#read.set(`${topic} ${partition}`, offset + 1)
    if (records.length > 0) assert.deepEqual(await this.#stage.batch(records), { batchItemFailures: [] })
  }
}
