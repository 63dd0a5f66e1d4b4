/**
 * Test environment on real servers with a consumer that fails until it is fixed, a second consumer, and the dead letters of the
 * failures.
 */
import assert from 'node:assert/strict'
import { redisUrl } from '@sluice/test-kit/servers'
import { writeEvent } from '#runtime/cloudevents'
import { type FailureData, reject } from '#runtime/consumer'
import { RedisClient } from '#runtime/operating/redis'
import { completeStep, type KeyedProcess } from '#runtime/test/support/inside'
import { toLogRecord } from '#runtime/test/support/inside-kafka'
import { RedisStateStore } from '#runtime/test/support/inside-redis'
import { environmentReading } from '#runtime/test/support/records'
import type { DeadLetter } from '../../lib/failures/dlq-router.ts'
import { DEAD_LETTER_TYPE, FAILURE_TYPE } from '../../lib/failures/event-types.ts'
import type { Tally, TestEnvironment } from './environment.ts'
import { FAMILIES } from './families.ts'
import { Stage } from './stage.ts'

/** Two consumers of readings, by their names in serverless.yml. */
const FAILING = 'processor'
const BESIDE = 'activity'

export class FailingConsumer {
  /** While true, all readings are rejected. */
  fails = true
  readonly #environment: TestEnvironment
  readonly #redis = new RedisClient({ url: redisUrl() })
  readonly #failing: Stage
  readonly #beside: Stage
  #deadLetters = 0
  #sent = 0

  constructor(environment: TestEnvironment) {
    this.#environment = environment
    this.#failing = this.#findStage(FAILING, () => this.fails)
    this.#beside = this.#findStage(BESIDE, () => false)
  }

  /** Publishes readings that fail, and their dead letters to the dlq topic. */
  async deadLetters(count: number, changes: Partial<DeadLetter> = {}, data?: object): Promise<void> {
    const readings = Array.from({ length: count }, () => {
      const number = this.#sent++
      const sensor = `s-${number % 7}`
      const event = environmentReading(`r${number}`, { sensor, at: number })
      const { value, headers } = writeEvent({ ...event, ...(data ? { data } : {}) })
      return { key: sensor, value, headers: Object.fromEntries(headers) }
    })
    await this.#environment.client.send(this.#environment.topic('readings'), readings)
    await this.catchUp()
    await this.bury(changes)
  }

  /** Publishes new failures, and a dead letter for each of them. */
  async bury(changes: Partial<DeadLetter> = {}): Promise<readonly DeadLetter[]> {
    const failures = this.#failing.eventsAfter(this.#deadLetters)
    this.#deadLetters += failures.length
    const deadLetters = failures.map(({ data }) => ({
      ...(data as FailureData),
      class: 'permanent' as const,
      routedBecause: 'a test',
      quarantined: false,
      ...changes,
    }))
    for (const [topic, type] of [
      ['failures', FAILURE_TYPE],
      ['dlq', DEAD_LETTER_TYPE],
    ] as const) {
      const messages = deadLetters.map((data, index) => {
        const { id = '', source = '' } = failures[index] ?? {}
        const event = { id, source, type, datacontenttype: 'application/json', data }
        const { value, headers } = writeEvent(event)
        const key = data.originalKey === null ? null : Buffer.from(data.originalKey, 'base64')
        return { key, value, headers: Object.fromEntries(headers) }
      })
      await this.#environment.client.send(this.#environment.topic(topic), messages)
    }
    return deadLetters
  }

  /** Lets both consumers process all records of the topic. */
  async catchUp(): Promise<void> {
    const topic = this.#environment.topic('readings')
    const records = (await this.#environment.read('readings')).map(record =>
      toLogRecord(topic, record.partition, record),
    )
    for (const stage of [this.#failing, this.#beside])
      assert.deepEqual(await stage.batch(records), { batchItemFailures: [] })
  }

  tally(): Promise<Tally> {
    return this.#environment.tally(FAILING)
  }

  tallyBeside(): Promise<Tally> {
    return this.#environment.tally(BESIDE)
  }

  /** Returns the ids of the applied readings by entity, in order. */
  async applied(): Promise<ReadonlyMap<string, readonly string[]>> {
    const states = await this.#environment.states(FAILING)
    return new Map([...states].map(([entity, state]) => [entity, (state as { ids: readonly string[] }).ids]))
  }

  close(): void {
    this.#redis.close()
  }

  #findStage(name: string, fails: () => boolean): Stage {
    const process: KeyedProcess<{ ids: readonly string[] }> = {
      name,
      accepts: FAMILIES.readingTypes,
      onEvent: (state, { id }) =>
        fails() ? reject('not today') : completeStep('counted', { ids: [...(state?.ids ?? []), id] }),
    }
    const stage = new Stage(process as KeyedProcess<never>, { store: new RedisStateStore(this.#redis) })
    stage.consumer = { ...stage.consumer, env: this.#environment.name }
    return stage
  }
}
