import type { Application } from './application.ts'
import type { Event } from './event.ts'

/**
 * The tick of one partition for one run of a schedule, without data. A repeated run makes the same event.
 *
 * @param at RFC 3339
 */
export function tickOf({ tickType }: Pick<Application, 'tickType'>, partition: number, at: string): Event {
  return { id: `${at}/${partition}`, source: '/clock', type: tickType, time: at }
}
