/** Maintains the open dead letters of each partition of the dlq topic, for inspection and redrives. */
import { recordConsumer } from '../../lib/app/record-consumer.ts'
import { TOPICS } from '../../lib/app/topics.ts'
import { openDeadLetters, readDlqEntries } from '../../lib/failures/open-dead-letters.ts'

const DAY_MS = 86_400_000

export const handler = recordConsumer(
  'open-dead-letters',
  readDlqEntries,
  openDeadLetters(TOPICS.dlq.keptDays * DAY_MS),
)
