/** Dead letters, and what an operator does with them. */
import { Hono } from 'hono'
import type { ConsoleHono } from '../access/person.ts'
import type { ConsoleEnvironment } from '../environment.ts'
import { addLetters } from './failures/letters.ts'
import { addOneLetter } from './failures/one-letter.ts'
import { addOperations } from './failures/operations.ts'

export function failureRoutes(environment: ConsoleEnvironment): Hono<ConsoleHono> {
  const routes = new Hono<ConsoleHono>()
  addLetters(routes, environment)
  addOneLetter(routes, environment)
  addOperations(routes, environment)
  return routes
}
