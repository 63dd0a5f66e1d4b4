/** Converts groups of recorded items to records that can be published. */
import { type Addressing, movedBy, outgoing } from './outgoing.ts'
import type { Departure } from './publish.ts'
import type { Item } from './sequence.ts'

/**
 * Yields the records of each group.
 *
 * @throws the signal's reason if the signal is aborted; otherwise see `outgoing`
 */
export async function* departing(
  groups: AsyncIterable<readonly Item[]>,
  addressing: Addressing,
  stop: AbortSignal,
): AsyncGenerator<readonly Departure[]> {
  for await (const group of groups) {
    stop.throwIfAborted()
    yield group.map(item => {
      const { line, paceMs, eventMs } = item
      const movedMs = eventMs === undefined ? undefined : eventMs + (movedBy(item, addressing) ?? 0)
      return { line, paceMs, eventMs: movedMs, record: outgoing(item, addressing) }
    })
  }
}
