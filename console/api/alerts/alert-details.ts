/** A single alert: its history, and the reading that caused it. */
import { maxLength, minLength, pipe, string } from 'valibot'
import { readShownAlerts, type ShownAlert } from '../../../lib/queries/alerts/known-alerts.ts'
import { findSilenceIds, LimitedAlertSource } from '../../../lib/questions/alert-source.ts'
import { Cache } from '../../cache.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { declareQuery, declareSharedQuery } from '../../http/declare-route.ts'
import { ProblemError } from '../../http/problem.ts'
import { PAGE_LIMITS } from '../questions.ts'
import { findCause } from './alert-cause.ts'

export interface AlertDetails extends ShownAlert {
  /** Ids of the active silences that match the alert. */
  readonly silencedBy: readonly string[]
  /** Topic of the alert's events. */
  readonly topic: string
  readonly behind: number | null
}

const ID = {
  id: pipe(
    string('must be the id of an alert'),
    minLength(1, 'must be the id of an alert'),
    maxLength(200, 'must be the id of an alert'),
  ),
}
/**
 * Format of an alert's id, as `derivedId` creates it. Texts in other formats are rejected before the search, because they could
 * match many records.
 */
const DERIVED_ID = /^[\w-]{22}$/

export function declareAlertRoutes(environment: ConsoleEnvironment) {
  const alertCache = new Cache<AlertDetails | undefined>({ forMs: 0, most: 50, idleMs: 300_000 })
  const requireAlert = async (id: string) =>
    (DERIVED_ID.test(id) ? await alertCache.get(id, () => findAlert(environment, id)) : undefined) ??
    throwUnknown(id)
  return {
    '/alerts/one': declareSharedQuery(ID, ({ id }) => requireAlert(id)),
    '/alerts/cause': declareQuery(ID, async ({ id }) => findCause(environment, await requireAlert(id))),
  }
}

/** Returns an alert; undefined if it is not found. All records must be searched before an alert counts as not found. */
async function findAlert(environment: ConsoleEnvironment, id: string): Promise<AlertDetails | undefined> {
  const source = new LimitedAlertSource(environment, PAGE_LIMITS, { holding: id })
  const { alerts, behind } = await readShownAlerts(source, id, { sinceMs: undefined, limit: 1 })
  const [alert] = alerts
  // The id can also occur in another alert's record, for example in the name of an entity.
  if (alert?.id !== id) return undefined
  const silenceIds = alert.state === 'firing' ? findSilenceIds(await source.silences(), alert) : []
  return { ...alert, silencedBy: silenceIds, topic: environment.topic('alerts'), behind }
}

function throwUnknown(id: string): never {
  throw new ProblemError(
    'not-found',
    `Alert ${id} was not found among the firing alerts or in the newest 100,000 records of the alerts topic. To search the whole topic, run \`sluice alerts show ${id}\`.`,
  )
}
