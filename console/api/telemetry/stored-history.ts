/** History of entities for charts of more than an hour, from the database. */
import { setTimeout as pause } from 'node:timers/promises'
import { parseEntity } from '#runtime/consumer'
import { findReaderNeed } from '../../../lib/app/storage.ts'
import { readAlerts, readPoints } from '../../../lib/storage/chart-questions.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { ProblemError } from '../../http/problem.ts'
import { addOpenMinute } from './chart-lines.ts'
import { buildHistory, type EntityHistory, type HistoryQuery } from './entity-history.ts'

/**
 * Returns the history of the metrics that the page shows: minutes of a day, or hours.
 *
 * @throws ProblemError if there is no database, or the processor knows none of the entities
 * @throws RetryableError if the database cannot be read
 */
export async function readStoredHistory(
  environment: ConsoleEnvironment,
  query: HistoryQuery,
): Promise<EntityHistory> {
  const need = findReaderNeed(environment.config, environment.isLocal)
  if (need !== undefined) throw new ProblemError('conflict', `Charts of more than an hour need ${need}.`)
  const late = pause(LIMIT_MS, undefined, { ref: false }).then(() => {
    throw new ProblemError('unavailable', `The database has not answered within ${LIMIT_MS / 1_000} seconds.`)
  })
  return Promise.race([readStored(environment, query), late])
}

/** Time limit of all questions together, in milliseconds. Without their answers, the page shows the last hour. */
const LIMIT_MS = 4_000

function readStored(environment: ConsoleEnvironment, query: HistoryQuery): Promise<EntityHistory> {
  const step = query.hours <= 24 ? 'minute' : 'hour'
  return buildHistory(environment, query, async ({ fromMs, endsMs: toMs }) => {
    const storage = await environment.storage()
    return {
      step,
      searched: null,
      line: async ({ entity, open }, metric, is) => {
        const points = await readPoints(storage, { ...parseEntity(entity), fromMs, toMs }, metric, step, is)
        return step === 'minute' ? addOpenMinute(points, open, metric, is) : points
      },
      alerts: entity => readAlerts(storage, { ...parseEntity(entity), fromMs, toMs }),
    }
  })
}
