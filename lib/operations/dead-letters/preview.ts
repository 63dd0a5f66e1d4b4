/** Shows in advance what redriving or dropping dead letters would do. */
import { readEligibleLetters } from './eligible-letters.ts'
import type { Handling } from './handling.ts'
import { Tally } from './result.ts'

/** Counts what a run would do, without changing anything. If it is stopped, only a part is counted. */
export async function previewHandling(handling: Handling): Promise<Tally> {
  const tally = new Tally()
  for await (const group of readEligibleLetters(handling, tally, '')) {
    for (const { row } of group) tally.addHandled(row)
    if (handling.stop.aborted) break
  }
  return tally
}
