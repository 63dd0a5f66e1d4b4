import process from 'node:process'
import type { Writable } from 'node:stream'

/**
 * Ends this process once its output has been read. It does not wait for an empty event loop: a connection attempt that never succeeds
 * would keep the command running for a while.
 *
 * @param withinMs maximum wait for a blocked reader; without it, as long as the reader takes
 */
export function exitOnceRead(out: Writable, status: number, withinMs?: number): void {
  // The stream reports an error first, in an event: its handler decides then.
  out.write('', error => (error ? setImmediate(() => process.exit(status)) : process.exit(status)))
  if (withinMs !== undefined) setTimeout(() => process.exit(status), withinMs)
}
