/** Loads new records of the history into the marts of the warehouse. */
import { NAME } from '../../lib/app/name.ts'
import { GENERAL, HISTORY, KAFKA, WAREHOUSE } from '../../lib/app/settings/index.ts'
import { runScheduledEtl } from '../../lib/operations/etl/scheduled.ts'
import { KafkaConnections } from '../../packages/runtime/lambda/kafka-connections.ts'
import { scheduled } from '../../packages/runtime/lambda/scheduled.ts'

export const handler = scheduled(
  'etl',
  KafkaConnections,
  [GENERAL, KAFKA, HISTORY, WAREHOUSE],
  runScheduledEtl,
  NAME,
)
