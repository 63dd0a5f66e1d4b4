/** Routes for dead letters, and for redriving and dropping them. */
import type { ConsoleEnvironment } from '../environment.ts'
import { deadLetterRoutes } from './failures/dead-letters.ts'
import { handlingRoutes } from './failures/handling.ts'
import { oneDeadLetterRoutes } from './failures/one-dead-letter.ts'

export function failureRoutes(environment: ConsoleEnvironment) {
  return {
    ...deadLetterRoutes(environment),
    ...oneDeadLetterRoutes(environment),
    ...handlingRoutes(environment),
  }
}
