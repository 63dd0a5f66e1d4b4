/** One event through the system. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'

export function journeyRoutes(_environment: ConsoleEnvironment): Hono<ConsoleHono> {
  return new Hono<ConsoleHono>()
}
