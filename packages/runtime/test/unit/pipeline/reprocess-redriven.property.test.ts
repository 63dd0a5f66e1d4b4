/** Random mixtures of failures, redrives, new code, lost states and rebuilds. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogRecord } from '../../../cloudevents/record.ts'
import type { FailureData } from '../../../consumer/failure-event.ts'
import { completeStep, type KeyedProcess } from '../../../consumer/process.ts'
import { Random } from '../../../testing/random.ts'
import { READING_TYPES } from '../../support/application.ts'
import { nextAttempt } from '../../support/parking.ts'
import { logRecord, environmentReading as reading } from '../../support/records.ts'
import { reprocessed } from '../../support/reprocessing.ts'
import { Stage } from '../../support/stage.ts'

const SENSORS = ['s-0', 's-1', 's-2']
const STEPS = 40
const SEEDS = 10
const FAILURE = 'io.sluice.failure.v1'
const START_MS = logRecord(0, reading('x')).timestampMs
/** A few steps: most redrives come after it. */
const ID_WINDOW_MS = 20_000

interface Kind {
  readonly parks: boolean
  /** Where a rebuild begins. */
  readonly startOf: (random: Random, length: number) => number
}

/** One consumer, and the operators of its dead letters. */
class Schedule {
  readonly stage: Stage
  readonly #random: Random
  readonly #log: LogRecord[] = []
  readonly #sent: string[] = []
  readonly #throwsAt = new Set<string>()
  /** Dead letters that were not redriven yet. */
  readonly #open: FailureData[] = []
  readonly #told = new Set<string>()
  readonly #kept: unknown[] = [undefined]
  /** Published events that were looked at. */
  #seen = 0
  #ms = START_MS

  readonly #startOf: (random: Random, length: number) => number

  constructor(seed: number, { parks, startOf }: Kind) {
    this.#startOf = startOf
    const throwsAt = this.#throwsAt
    const process: KeyedProcess<readonly string[]> = {
      name: 'listing',
      accepts: READING_TYPES,
      ...(parks ? { parking: { forMs: 1_000_000_000 } } : {}),
      onEvent(state, { id }) {
        if (throwsAt.has(id)) throw new Error('not now')
        return completeStep('listed', [...(state ?? []), id])
      },
    }
    this.#random = new Random(seed)
    this.stage = new Stage(process as KeyedProcess<never>)
    this.stage.consumer = { ...this.stage.consumer, idWindowMs: ID_WINDOW_MS }
  }

  /** @returns how often each event was applied in the end */
  async played(): Promise<Map<string, number>> {
    for (let step = 0; step < STEPS; step += 1) await this.#step()
    await this.#reprocess()
    this.#throwsAt.clear()
    while (this.#open.length > 0) await this.#redrive()
    // Parked events are applied before the next record.
    await this.#send()
    const applied = await this.#applied()
    return new Map(this.#sent.map(id => [id, applied.filter(text => text === id).length]))
  }

  async #step(): Promise<void> {
    const kind = this.#random.between(0, 19)
    if (kind < 6 && this.#open.length > 0) return this.#redrive()
    if (kind === 6) return this.#changeCode()
    if (kind === 7) return this.#reprocess()
    if (kind === 8) return this.#forget()
    if (kind === 9) this.#kept.push(this.stage.store.copyState(this.stage.stateKey()))
    await this.#send(this.#random.chance(0.3))
  }

  async #send(fails = false): Promise<void> {
    const id = `${this.#random.pick(SENSORS)}/${this.#log.length}`
    this.#sent.push(id)
    if (fails) this.#throwsAt.add(id)
    const event = reading(id, { sensor: id.split('/')[0] as string })
    await this.#append(logRecord(0, event, { topic: this.stage.topic }))
  }

  /** The redriver was killed now and then, and publishes a record again. */
  async #redrive(): Promise<void> {
    const [failure] = this.#open.splice(this.#random.between(0, this.#open.length - 1), 1)
    const record = nextAttempt(failure as FailureData, 0, 0)
    await this.#append(record)
    if (this.#random.chance(0.2)) await this.#append(record)
  }

  /** Some faults are mended, and others are new. */
  #changeCode(): void {
    for (const id of this.#sent) {
      if (this.#random.chance(0.5)) this.#throwsAt.delete(id)
      else if (this.#random.chance(0.2)) this.#throwsAt.add(id)
    }
  }

  async #reprocess(): Promise<void> {
    if (this.#log.length === 0) return
    const startOffset = this.#startOf(this.#random, this.#log.length)
    await reprocessed(this.stage, this.#log, { startOffset })
    await this.#decide()
  }

  /** Redis has lost everything, or what came after a moment. */
  async #forget(): Promise<void> {
    this.stage.store.restore(this.stage.stateKey(), this.#random.pick(this.#kept))
    await this.#decide()
  }

  async #append(record: LogRecord): Promise<void> {
    this.#ms += this.#random.between(1, 30) * 1_000
    this.#log.push({ ...record, offset: this.#log.length, timestampMs: this.#ms })
    await this.#decide()
  }

  /** Reads the log to its end, and looks at what has failed on the way. */
  async #decide(): Promise<void> {
    const { stage } = this
    if (this.#log.length === 0) return
    await stage.batch(this.#log.slice(-1), {
      ports: { breaker: { open: async () => Number.NEGATIVE_INFINITY } },
    })
    const applied = new Set(await this.#applied())
    for (const { id, type, data } of stage.eventsAfter(this.#seen)) {
      if (type !== FAILURE || this.#told.has(id)) continue
      this.#told.add(id)
      const failure = data as FailureData
      const event = failure.originalHeaders.find(({ name }) => name === 'ce_id')
      const eventId = Buffer.from(event?.value ?? '', 'base64').toString()
      assert.ok(!applied.has(eventId), `a dead letter of ${eventId}, which is applied: ${failure.error}`)
      this.#open.push(failure)
    }
    this.#seen = stage.publisher.publishedRecords.length
  }

  async #applied(): Promise<string[]> {
    const states = SENSORS.map(sensor => this.stage.state(`/environment/test-site ${sensor}`))
    return (await Promise.all(states)).flatMap(state => (state as string[] | undefined) ?? [])
  }
}

describe('redrives and rebuilds', () => {
  const fromStart = () => 0
  const fromAnywhere = (random: Random, length: number) => random.between(0, length - 1)
  const kinds: readonly (readonly [string, Kind])[] = [
    ['', { parks: false, startOf: fromStart }],
    [' with parking', { parks: true, startOf: fromStart }],
    [' with rebuilds of a part', { parks: false, startOf: fromAnywhere }],
    [' with rebuilds of a part and parking', { parks: true, startOf: fromAnywhere }],
  ]
  for (const [name, kind] of kinds)
    it(`given ${SEEDS} random mixtures${name}, then each event is applied once, and none after that a dead letter`, async () => {
      // A rebuild of a part leaves out what came before.
      const isWrong = (count: number) => count > 1 || (count < 1 && kind.startOf === fromStart)
      for (let seed = 0; seed < SEEDS; seed += 1) {
        const times = await new Schedule(seed, kind).played()
        const wrong = [...times].filter(([, count]) => isWrong(count))
        assert.deepEqual(wrong, [], `seed ${seed}`)
      }
    })
})
