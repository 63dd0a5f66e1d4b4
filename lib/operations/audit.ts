/** Leaves the trail of what an operator did. */
import type { Config } from '../app/config.ts'
import { topicName } from '../app/topics.ts'
import { type Audit, auditEvent } from '../audit.ts'
import { producedRecord } from '../runtime/cloudevents/writer.ts'
import type { Publisher } from '../runtime/pipeline/ports.ts'

/** Appends the audit event to the topic `events`. @throws Unavailable or RefusedByKafka if Kafka does not take it */
export async function leaveAudit(
  publisher: Publisher,
  { env, contentMode }: Pick<Config, 'env' | 'contentMode'>,
  audit: Audit,
): Promise<void> {
  await publisher.publish([
    producedRecord(topicName('events', env), audit.by, auditEvent(audit), contentMode),
  ])
}
