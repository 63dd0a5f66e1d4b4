/** A single alert: its history, the reading that caused it, and its acknowledgement. */
import { Hono } from 'hono'
import { boolean, maxLength, minLength, object, optional, pipe, string, trim } from 'valibot'
import { topicName } from '../../../lib/app/topics.ts'
import { type Acknowledged, acknowledge, isAcknowledged } from '../../../lib/operations/alerts/acknowledge.ts'
import { type ShownAlert, shownAlerts } from '../../../lib/queries/known-alerts.ts'
import { type ConsoleHono, requireOperator } from '../../access/person.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { KeptAnswers } from '../../live/kept.ts'
import { watchable } from '../../live/watchable.ts'
import { audited } from '../audited.ts'
import { ProblemError } from '../problem.ts'
import { bodyOf, queryOf } from '../query.ts'
import { causeOf } from './cause.ts'
import { ConsoleAlerts, silencedBy } from './source.ts'

export interface OneAlert extends ShownAlert {
  /** Ids of the active silences that match the alert. */
  readonly silencedBy: readonly string[]
  /** Topic of the alert's events. */
  readonly topic: string
  readonly behind: number | null
}

/** Result of an acknowledgement. */
export type { Acknowledged }

const ID = object({
  id: pipe(
    string('must be the id of an alert'),
    minLength(1, 'must be the id of an alert'),
    maxLength(200, 'must be the id of an alert'),
  ),
})
/** Format of `derivedId`. Any other text would match many records, and no alert. */
const DERIVED_ID = /^[\w-]{22}$/

const SAID = object({
  ...ID.entries,
  acknowledged: boolean('must be true or false'),
  comment: optional(pipe(string(), trim(), maxLength(1000, 'must have at most 1,000 characters'))),
})

export function oneRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  const known = new KeptAnswers<OneAlert | undefined>({ forMs: 0, most: 50, idleMs: 300_000 })
  const oneAlert = async (id: string) =>
    (DERIVED_ID.test(id) ? await known.ask(id, () => alertOf(environment, id)) : undefined) ??
    throwUnknown(id)
  watchable(routes, '/one', { query: ID, everyMs: 3_000, environment }, ({ id }) => oneAlert(id))
  routes.get('/cause', async context => {
    const { id } = queryOf(ID, context)
    return context.json(await causeOf(environment, await oneAlert(id)))
  })
  routes.post('/acknowledge', async context => {
    const person = requireOperator(context)
    const { id, acknowledged, comment } = await bodyOf(SAID, context)
    const source = new ConsoleAlerts(environment)
    const alert = (await source.firing()).find(one => one.id === id)
    if (!alert)
      throw new ProblemError('conflict', `Alert ${id} is not firing. It has resolved, or it does not exist.`)
    if (!acknowledged && !isAcknowledged(alert))
      throw new ProblemError(
        'conflict',
        'The alert is not acknowledged, so its acknowledgement cannot be removed.',
      )
    const to = {
      inspection: await environment.inspection(),
      topic: source.topic,
      contentMode: environment.config.contentMode,
      publisher: () => environment.publisher(),
    }
    const said = { acknowledged, by: person.name, ...(comment ? { comment } : {}) }
    const done = await audited(
      environment,
      { by: person.name, action: 'alerts ack', filter: { id, acknowledged: String(acknowledged) } },
      async () => ({
        result: await acknowledge(to, alert, said, context.req.raw.signal),
        counts: { alerts: 1 },
      }),
    )
    known.forget(id)
    return context.json(done satisfies Acknowledged)
  })
  return routes
}

/** Returns undefined if the alert is not found, which requires searching all records. */
async function alertOf(environment: ConsoleEnvironment, id: string): Promise<OneAlert | undefined> {
  const source = new ConsoleAlerts(environment, { holding: id })
  const { alerts, behind } = await shownAlerts(source, id, { sinceMs: undefined, limit: 1 })
  const [alert] = alerts
  // The searched text can also be a part of an entity's name.
  if (alert?.id !== id) return undefined
  const muted = alert.state === 'firing' ? silencedBy(await source.silences(), alert) : []
  return { ...alert, silencedBy: muted, topic: topicName('alerts', environment.config.env), behind }
}

function throwUnknown(id: string): never {
  throw new ProblemError(
    'not-found',
    `Alert ${id} was not found among the firing alerts and in the newest 100,000 records of the alerts topic. To search the whole topic, run \`sluice alerts show ${id}\`.`,
  )
}
