import process from 'node:process'
import type { Writable } from 'node:stream'

/**
 * Ends this process once its output has been read. It does not wait until the event loop is empty, because a
 * connection attempt that never succeeds would keep the command running for a while.
 *
 * @param withinMs maximum wait for a reader that does not read, in milliseconds; by default no limit
 */
export function exitOnceRead(out: Writable, status: number, withinMs?: number): void {
  // The stream reports an error first, in an event: its handler decides then.
  out.write('', error => (error ? setImmediate(() => process.exit(status)) : process.exit(status)))
  if (withinMs !== undefined) setTimeout(() => process.exit(status), withinMs)
}
