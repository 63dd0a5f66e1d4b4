/** The flow of the environment: figures, lag, what stands still, the last alerts. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'

export function overviewRoutes(_environment: ConsoleEnvironment): Hono<ConsoleHono> {
  return new Hono<ConsoleHono>()
}
