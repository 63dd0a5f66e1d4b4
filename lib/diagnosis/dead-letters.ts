/** How many dead letters wait for people: counted on from where the function `dead-letters` ended. */

import { topicName } from '../app/topics.ts'
import { type CountedPartition, countOpen } from '../queries/open-dead-letters.ts'
import type { Connections } from '../runtime/lambda/connections.ts'
import { deadLettersFinding } from './checks/dead-letters.ts'
import type { TopicFacts } from './facts.ts'
import type { Finding } from './finding.ts'
import { seenIf } from './seen.ts'

/** A look must end: what is not counted by then is said. */
const LONGEST_COUNT_MS = 5_000

export async function deadLettersCounted(
  connections: Connections,
  env: string,
  topics: readonly TopicFacts[],
): Promise<Finding[]> {
  const topic = topicName('dlq', env)
  const facts = topics.find(one => one.topic === topic)
  if (!facts || 'unseen' in facts.found || !facts.found.seen) return []
  const untilMs = Date.now() + LONGEST_COUNT_MS
  const counted = await seenIf(async () => {
    const value = await connections.value<{ readonly partitions: readonly CountedPartition[] }>(
      `dead-letters:${env}`,
    )
    const [last, log, bounds] = await Promise.all([value.read(), connections.log(), connections.bounds()])
    return countOpen(log, topic, await bounds.bounds(topic), last?.partitions, () => Date.now() < untilMs)
  })
  return [deadLettersFinding(topic, facts.wanted.keptDays, counted, Date.now())]
}
