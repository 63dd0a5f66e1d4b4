/** Inner modules of kafkajs. An entry of its own: readers of the log have none of it in their bundles. */

// @ts-expect-error: the library has no types of its inner modules
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
// @ts-expect-error: as above
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import { requireMethod } from './kafkajs-internals.ts'

/** Requests that wait to be sent over one connection. */
interface PendingRequests {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
}

const rested = new WeakSet<PendingRequests>()

/**
 * Lets connections rest while nothing waits to be sent. By itself, each looks a thousand times a second whether something does,
 * from its first answer on until it is closed: half a percent of a processor, and Node warns of the negative time with which the
 * timer is set. Whatever has to wait asks for the look itself.
 *
 * @throws where kafkajs is another version, without a part that is needed
 */
export function restIdleConnections(queues: { readonly prototype: object } = RequestQueue): void {
  const prototype = queues.prototype as PendingRequests
  if (rested.has(prototype)) return
  requireMethod(prototype, 'scheduleCheckPendingRequests')
  rested.add(prototype)
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: PendingRequests) {
    if (this.pending.length > 0) schedule.call(this)
  }
}

/** Returns the error of the library for a code of the protocol, with its name there as `type`. */
export function protocolError(code: number): Error & { readonly type: string; readonly retriable: boolean } {
  const error = createErrorFromCode(code)
  return error.code === code ? error : Object.assign(error, { type: `error ${code}` })
}
