/** Tells processes which attempt an event is. They must not know, except to fail by plan: the same log has to give the same failures. */

import type { Application } from '#runtime/consumer'
import { readRedriveTarget } from '#runtime/test/support/inside'

const attempts = new WeakMap<object, number>()

/** The number of the attempt as which an event with this data came, from 1. */
export function getAttempt(data: object): number {
  return attempts.get(data) ?? 1
}

/** Reads each record so that `getAttempt` knows. */
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
