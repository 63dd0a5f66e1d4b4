/** Writes all records of the archived topics to the history. */
import { ARCHIVING, deployedArchiver } from '../../lib/app/archiving.ts'
import { HISTORY, MAPPINGS, REGISTRY } from '../../lib/app/settings/index.ts'
import { kafkaHandler } from '../../packages/runtime/lambda/kafka-handler.ts'

export const handler = kafkaHandler(ARCHIVING, 'archiver', deployedArchiver, {
  slices: [HISTORY, REGISTRY, MAPPINGS],
})
