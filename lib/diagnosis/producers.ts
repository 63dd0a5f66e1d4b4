/** How the producers of this project are set, read from what they themselves use. */

import { PUBLISHING } from '../runtime/producer/publisher.ts'
import { producerSettings } from '../runtime/settings/producer.ts'
import type { ProducerFacts } from './facts.ts'

export function ownProducers(): ProducerFacts[] {
  const { acks, idempotent, maxInFlight, deliveryTimeoutMs } = producerSettings()
  return [
    {
      name: 'functions',
      acks: PUBLISHING.acks,
      idempotent: PUBLISHING.idempotent,
      maxInFlight: PUBLISHING.maxInFlight,
      // Each publish is awaited before its batch is answered.
      awaitsDelivery: true,
      deliveryTimeoutMs: PUBLISHING.deliveryTimeoutMs,
    },
    {
      name: 'TelemetryProducer (balanced)',
      ...{ acks, idempotent, maxInFlight, deliveryTimeoutMs },
      // Without onDelivery, a failure is a warning.
      awaitsDelivery: true,
    },
  ]
}
