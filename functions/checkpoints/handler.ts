/** Copies the state of all consumers to S3, from where they restore it if Redis loses it. */
import { takeAllCheckpoints } from '../../lib/app/checkpoints.ts'
import { Connections } from '../../lib/app/connections.ts'
import { scheduled } from '../../lib/app/scheduled.ts'
import { CHECKPOINTS, GENERAL, KAFKA, REDIS } from '../../lib/app/settings/index.ts'

export const handler = scheduled(
  'checkpoints',
  Connections,
  [GENERAL, KAFKA, REDIS, CHECKPOINTS],
  takeAllCheckpoints,
)
