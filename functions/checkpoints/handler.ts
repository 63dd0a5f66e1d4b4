/** Copies the state of all consumers to S3. Consumers restore it if Redis loses it. */
import { takeAllCheckpoints } from '../../lib/app/checkpoints.ts'
import { NAME } from '../../lib/app/name.ts'
import { CHECKPOINT_CONSUMERS, CHECKPOINTS, GENERAL, KAFKA, REDIS } from '../../lib/app/settings/index.ts'
import { Connections } from '../../packages/runtime/lambda/connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = scheduled(
  'checkpoints',
  Connections,
  [GENERAL, KAFKA, REDIS, CHECKPOINTS, CHECKPOINT_CONSUMERS],
  takeAllCheckpoints,
  NAME,
)
