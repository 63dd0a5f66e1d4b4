/** Consumer that lists the events of an entity, and a log in which records are parked behind a record that is retried. */

import type { LogRecord } from '#runtime/cloudevents'
import { type Event, type FailureData, reject } from '#runtime/consumer'
import { completeStep, EMPTY_SELECTION, type KeyedProcess, type Parking } from '#runtime/test/support/inside'
import { nextAttempt } from '#runtime/test/support/parking'
import { logRecord, environmentReading as reading } from '#runtime/test/support/records'
import { countHeld } from '../../control/queries/states/outcomes.ts'
import { tick } from '../../lib/telemetry/tick.ts'
import { FAMILIES } from './families.ts'
import { Stage } from './stage.ts'

const ENTITY = '/environment/test-site s-1'
const STALE_MS = 120_000
/** Size slightly above the size of a parked reading. */
export const PARKED_READING_BYTES = 540

export type ListedIds = { readonly ids: readonly string[] }

/**
 * Lists the events of an entity, and emits an event if none arrives for two minutes. Depending on `mood`, it throws at some events
 * and rejects others.
 */
export function listing(mood: Mood, parking?: Parking): KeyedProcess<ListedIds> {
  return {
    name: 'listing',
    accepts: FAMILIES.readingTypes,
    ...(parking && { parking }),
    onEvent(state, { id, timeMs, entity }) {
      if (mood.throwsAt.has(id)) throw new Error('not yet')
      if (mood.refuses.has(id)) return reject('never')
      const ids = [...(state?.ids ?? []), id]
      const emission = {
        to: 'events',
        key: entity,
        type: 'test.seen',
        source: '/listing',
        data: { ids },
      } as const
      const stale = { name: 'stale', dueMs: timeMs + STALE_MS }
      return completeStep('listed', { ids }, [{ name: 'seen', ...emission }], [stale])
    },
    onTimer: ({ ids }) => completeStep('stale', { ids: [...ids, 'stale'] }),
  }
}

interface Mood {
  readonly throwsAt: Set<string>
  readonly refuses: Set<string>
}

/** A log to which records are appended one second apart, and a consumer of the log. */
export class ListingLog {
  readonly mood: Mood = { throwsAt: new Set(), refuses: new Set() }
  readonly stage: Stage
  #offset = 0
  #timestampMs = Date.parse('2026-03-01T13:00:00Z')

  constructor(parking: Parking | undefined = {}) {
    this.stage = new Stage(listing(this.mood, parking) as KeyedProcess<never>)
  }

  async append(...contents: readonly (Event | ((at: number, ms: number) => LogRecord))[]): Promise<string[]> {
    const before = this.stage.outcomes.length
    for (const content of contents) {
      this.#timestampMs += 1000
      const place = { timestampMs: this.#timestampMs, topic: this.stage.topic }
      const record =
        typeof content === 'function'
          ? content(this.#offset, this.#timestampMs)
          : logRecord(this.#offset, content, place)
      this.#offset += 1
      await this.stage.batch([record])
    }
    return this.stage.outcomes.slice(before)
  }

  async pass(ms: number): Promise<string[]> {
    const outcomes: string[] = []
    for (let passed = 0; passed < ms; passed += 60_000) {
      this.#timestampMs += 59_000
      outcomes.push(...(await this.append(tick(0, '2026-03-01T12:00:00Z'))))
    }
    return outcomes.filter(outcome => outcome !== 'ignored/tick')
  }

  again =
    (at = -1) =>
    (offset: number, timestampMs: number) =>
      nextAttempt(this.failure(at), offset, timestampMs)

  failure(at = -1): FailureData {
    const failures = this.stage.events.filter(({ type }) => type === 'io.sluice.failure.v1')
    return failures.at(at)?.data as FailureData
  }

  async ids(): Promise<readonly string[] | undefined> {
    return ((await this.stage.state(ENTITY)) as ListedIds | undefined)?.ids
  }

  async parkedBytes(): Promise<number> {
    return (await this.stage.store.load(this.stage.stateKey(), EMPTY_SELECTION)).parkedBytes
  }

  get now() {
    return countHeld(Object.fromEntries(this.stage.store.tally(this.stage.stateKey())))
  }
}

/** Returns a log on which `a` was listed and `b` has failed. `c` and `d` follow. */
export async function heldLog(parking?: Parking): Promise<ListingLog> {
  const log = new ListingLog(parking)
  log.mood.throwsAt.add('b')
  await log.append(
    reading('a', { at: 0 }),
    reading('b', { at: 1 }),
    reading('c', { at: 2 }),
    reading('d', { at: 3 }),
  )
  return log
}
