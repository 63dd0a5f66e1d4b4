/** The brokers of the cluster, and who controls it. */
import { Hono } from 'hono'
import { object } from 'valibot'
import { clusterDescription } from '../../../lib/queries/cluster.ts'
import type { ConsoleHono } from '../../access/person.ts'
import type { ConsoleEnvironment } from '../../environment.ts'
import { watchable } from '../../live/watchable.ts'

const ASKED_EVERY_MS = 5_000

export function clusterRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  watchable(routes, '/', { query: object({}), everyMs: ASKED_EVERY_MS, environment }, async () =>
    clusterDescription(await environment.cluster()),
  )
  return routes
}
