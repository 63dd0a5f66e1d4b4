/** Maintains the open dead letters of each partition of the dlq topic, for inspection and redrives. */

import { kafkaConsumer } from '../../lib/app/handlers/kafka-consumer.ts'
import { TOPICS } from '../../lib/app/naming/topic-table.ts'
import { openDeadLetters, readDlqEntries } from '../../lib/failures/open-dead-letters.ts'
import { DAY_MS } from '../../lib/support/duration.ts'

export const handler = kafkaConsumer('open-dead-letters', openDeadLetters(TOPICS.dlq.keptDays * DAY_MS), {
  adapt: readDlqEntries,
})
