import process from 'node:process'
import type { Writable } from 'node:stream'

/**
 * Ends this process once its output has been read. It does not wait until the event loop is empty, because a pending connection
 * attempt would delay the end.
 *
 * @param withinMs maximum time to wait until the output has been read, in milliseconds; by default, there is no limit
 */
export function exitOnceRead(out: Writable, status: number, withinMs?: number): void {
  // If the write fails, the stream first emits an error event, whose handler may end the process with another status.
  out.write('', error => (error ? setImmediate(() => process.exit(status)) : process.exit(status)))
  if (withinMs !== undefined) setTimeout(() => process.exit(status), withinMs)
}
