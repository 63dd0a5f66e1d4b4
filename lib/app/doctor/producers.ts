/** How the producers of this project are set, read from what they themselves use. */
import type { ProducerFacts } from '../../queries/doctor/facts.ts'
import { PUBLISHING } from '../../runtime/adapters/kafka/publisher.ts'
import { producerSettings } from '../../runtime/settings/producer.ts'

export function ownProducers(): ProducerFacts[] {
  const { acks, idempotent, maxInFlight, deliveryTimeoutMs } = producerSettings()
  return [
    {
      name: 'functions',
      acks: PUBLISHING.acks === -1 ? 'all' : 1,
      idempotent: PUBLISHING.idempotent,
      maxInFlight: PUBLISHING.maxInFlight,
      // Each publish is awaited, four attempts at most, before its batch is answered.
      awaitsDelivery: true,
      deliveryTimeoutMs: 4 * PUBLISHING.attemptMs,
    },
    {
      name: 'TelemetryProducer (balanced)',
      ...{ acks, idempotent, maxInFlight, deliveryTimeoutMs },
      // Without onDelivery, a failure is a warning.
      awaitsDelivery: true,
    },
  ]
}
