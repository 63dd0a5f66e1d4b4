/** The flow of the environment: figures, lag, what stands still, the last alerts. */
import { Hono } from 'hono'
import { object } from 'valibot'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { watchable } from '../live/watchable.ts'
import { OverviewSampler } from './overview/sampler.ts'

/** It costs nothing to ask for the newest look. */
const EVERY_MS = 1_000

export function overviewRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const sampler = new OverviewSampler(environment)
  const routes = new Hono<ConsoleHono>()
  routes.get('/history', async context => {
    // Begins to look, so that there is something to tell the next time.
    await sampler.newest()
    return context.json(sampler.history)
  })
  watchable(routes, '/', { query: object({}), everyMs: EVERY_MS, environment }, () => sampler.newest())
  return routes
}
