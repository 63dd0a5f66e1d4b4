/** Tells processes which attempt an event is. They must not know, except to fail by plan: the same log has to give the same failures. */

import type { Application } from '#runtime/consumer'
import { RedisCircuitBreaker } from '#runtime/operating/states'
import { readRedriveTarget } from '#runtime/test/support/inside'

const attempts = new WeakMap<object, number>()

/** The number of the attempt as which an event with this data came, from 1. */
export function getAttempt(data: object): number {
  return attempts.get(data) ?? 1
}

/** Reads each record so that `getAttempt` knows. A record that was parked is still the attempt as which it came. */
export function knowAttempts(application: Application): Application {
  return {
    ...application,
    readForeign(record, event) {
      const target = readRedriveTarget(record)
      if (target && event?.data) attempts.set(event.data, target.attempt)
      return application.readForeign?.(record, event)
    },
  }
}

/** Keeps the breaker of this consumer closed: its errors are planned, and would open it. */
export function neverDefer(consumer: string): void {
  const { open } = RedisCircuitBreaker.prototype
  RedisCircuitBreaker.prototype.open = async function (name, ...rest) {
    return name === consumer ? Number.NEGATIVE_INFINITY : open.call(this, name, ...rest)
  }
}
