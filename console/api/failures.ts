/** Routes for dead letters and the operations on them. */
import type { ConsoleEnvironment } from '../environment.ts'
import { deadLetterRoutes } from './failures/dead-letters.ts'
import { oneDeadLetterRoutes } from './failures/one-dead-letter.ts'
import { operationRoutes } from './failures/operations.ts'

export function failureRoutes(environment: ConsoleEnvironment) {
  return {
    ...deadLetterRoutes(environment),
    ...oneDeadLetterRoutes(environment),
    ...operationRoutes(environment),
  }
}
