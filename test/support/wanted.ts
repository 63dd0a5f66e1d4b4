import type { Wanted } from '../../lib/pipeline/ports.ts'

/** What a test asks a store for, where it does not say: nothing but the version, the clock and the outbox. */
export const NOTHING_WANTED: Wanted = {
  entities: [],
  ids: [],
  failures: [],
  idWindowMs: 3_600_000,
  span: { firstAppendMs: 0, advanceMs: 0 },
  timerLimit: 10,
}
