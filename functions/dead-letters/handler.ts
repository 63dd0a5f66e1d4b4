/** Measures the number of open dead letters and of pending retries. */
import { measureDeadLetters } from '../../lib/app/dead-letter-metrics.ts'
import { NAME } from '../../lib/app/name.ts'
import { GENERAL, KAFKA, REDIS } from '../../lib/app/settings/index.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = scheduled(
  'dead-letters',
  Connections,
  [GENERAL, KAFKA, REDIS],
  measureDeadLetters,
  NAME,
)
