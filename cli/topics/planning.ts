/** Compares the topics of a cluster with the topic table, for `topics apply` and the doctor. */

import { readersOf } from '../../infra/topics-resource.ts'
import { readFunctions } from '../../lib/app/functions.ts'
import { type PlannedTopics, plannedTopics } from '../../lib/operations/topics/planned.ts'
import type { KafkaCommand } from '../kafka.ts'

export function planned({ kafka, offsets, config }: KafkaCommand): Promise<PlannedTopics> {
  const functions = readFunctions()
  const { clusterArn } = config.kafka
  return plannedTopics({
    kafka,
    offsets,
    env: config.env,
    readersOf: signal => readersOf(functions, signal),
    ...(clusterArn ? { clusterArn } : {}),
  })
}
