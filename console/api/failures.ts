/** Dead letters, and what an operator does with them. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'

export function failureRoutes(_environment: ConsoleEnvironment): Hono<ConsoleHono> {
  return new Hono<ConsoleHono>()
}
