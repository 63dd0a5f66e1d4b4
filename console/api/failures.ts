/** Routes for dead letters and the operations on them. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { addDeadLetters } from './failures/dead-letters.ts'
import { addOneDeadLetter } from './failures/one-dead-letter.ts'
import { addOperations } from './failures/operations.ts'

export function failureRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  addDeadLetters(routes, environment)
  addOneDeadLetter(routes, environment)
  addOperations(routes, environment)
  return routes
}
