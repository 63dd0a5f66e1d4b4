import type { LoadSelection } from '../pipeline/model/snapshot.ts'

/** Default request of a test to a store, which loads only the version, the clock and the outbox. */
export const EMPTY_SELECTION: LoadSelection = {
  entities: [],
  ids: [],
  failures: [],
  idWindowMs: 3_600_000,
  span: { firstAppendMs: 0, advanceMs: 0 },
  timerLimit: 10,
  byteLimit: 1024 * 1024,
}
