/** Merges the objects of the history, deletes old ones, and appends ticks where the archiver waits for a further record. */
import { compactDeployedHistory } from '../../lib/app/history-compactor.ts'
import { NAME } from '../../lib/app/name.ts'
import { CHECKPOINTS, GENERAL, HISTORY, KAFKA } from '../../lib/app/settings/index.ts'
import { KafkaConnections } from '../../packages/runtime/lambda/kafka-connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'
import { boundYoungGeneration } from '../../packages/runtime/lambda/young-generation.ts'

// The values of a million rows pass through the young generation, which would otherwise use half of the memory.
boundYoungGeneration()

export const handler = scheduled(
  'history-compactor',
  KafkaConnections,
  [GENERAL, KAFKA, CHECKPOINTS, HISTORY],
  compactDeployedHistory,
  NAME,
)
