/** The entities that the reference of the consumer `parking` holds. */

import type { KafkaRecord } from '../kafka/records.ts'
import { createId, type LedgerEvent } from './event.ts'
import type { Remembered } from './failures.ts'
import type { HeldEntity } from './held.ts'
import type { Timer } from './reference.ts'

const AT_ONCE_MS = -1

/** A record that is an attempt at a chapter. */
export interface Attempt {
  readonly record: KafkaRecord
  readonly event: LedgerEvent
  /** Number, from 1. */
  readonly number: number
  /** The failure that it is the next attempt at. */
  readonly at?: { readonly id: string; readonly before: Remembered } | undefined
}

export interface Hold {
  /** Missing once the entity is released. */
  readonly waitsFor?: { readonly failure: string; readonly event: LedgerEvent } | undefined
  readonly untilMs: number
  readonly parked: readonly (Attempt & { readonly clockMs: number })[]
}

export class Holds {
  readonly #holds = new Map<string, Hold>()

  /** Expected stored holds. */
  get held(): ReadonlyMap<string, HeldEntity> {
    const createHeldEntity = ({ waitsFor, parked }: Hold): HeldEntity => ({
      ...(waitsFor ? { waitsFor: waitsFor.failure } : {}),
      parked: parked.map(({ record }) => record.offset),
    })
    return new Map([...this.#holds].map(([entity, hold]) => [entity, createHeldEntity(hold)]))
  }

  /** The only timer of a held entity: the end of its hold. */
  get timers(): ReadonlyMap<string, readonly Timer[]> {
    return new Map([...this.#holds].map(([entity, hold]) => [entity, [createTimer(entity, hold)]]))
  }

  of(entity: string): Hold | undefined {
    return this.#holds.get(entity)
  }

  /** The entity that waits for a failure. */
  heldBy(failure: string): string | undefined {
    for (const [entity, { waitsFor }] of this.#holds) if (waitsFor?.failure === failure) return entity
    return undefined
  }

  /** The first entity that is released or has waited for too long: by time, then by the bytes of its name. */
  passed(nowMs: number): string | undefined {
    const due = [...this.#holds].filter(([, hold]) => getThreshold(hold) < nowMs)
    const byPlace = ([a, one]: [string, Hold], [b, other]: [string, Hold]) =>
      getThreshold(one) - getThreshold(other) || Buffer.from(a).compare(Buffer.from(b))
    return due.sort(byPlace)[0]?.[0]
  }

  /** Sets the hold of an entity, or ends it if nothing waits any more. */
  put(entity: string, hold: Hold): void {
    if (hold.waitsFor || hold.parked.length > 0) this.#holds.set(entity, hold)
    else this.#holds.delete(entity)
  }

  delete(entity: string): void {
    this.#holds.delete(entity)
  }
}

function getThreshold({ waitsFor, untilMs }: Hold): number {
  return waitsFor ? untilMs : AT_ONCE_MS
}

function createTimer(entity: string, hold: Hold): Timer {
  const { waitsFor, untilMs } = hold
  const id = createId('hold', 'parking', entity, waitsFor?.failure ?? '', untilMs)
  return { name: 'hold', dueMs: untilMs, thresholdMs: getThreshold(hold), id }
}
