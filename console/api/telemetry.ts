/** Entities, their statistics and their recent past. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'

export function telemetryRoutes(_environment: ConsoleEnvironment): Hono<ConsoleHono> {
  return new Hono<ConsoleHono>()
}
