/** Parking needs ticks: only a record can release what is parked, or end the time for which it may be. */
import type { Consumer } from '../consumer.ts'
import { PartitionStopped } from '../errors.ts'

/**
 * A topic of which the application does not say whether it has ticks passes.
 *
 * @param topic its name in Kafka
 * @throws PartitionStopped if the process parks and the topic has no ticks: parked events could wait there without end
 */
export function ensureTicks({ process, application }: Consumer, topic: string): void {
  const parks = 'parking' in process && process.parking !== undefined
  if (!parks || application.topicNamed(topic)?.isTicked !== false) return
  throw new PartitionStopped(
    'parking-without-ticks',
    `${process.name} has \`parking\`, but ${topic} has no ticks: after its last record, parked events would wait without end. ` +
      'Have ticks appended to the topic, and let the application say so (`isTicked`), or remove `parking` from the process',
  )
}
