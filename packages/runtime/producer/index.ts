/** `@sluice/runtime/producer`: publishes events to Kafka from an application's own code. */
export { InvalidEvent } from '../cloudevents/json-text.ts'
export type { CloudEventLike } from '../cloudevents/normalize-event.ts'
export { PROFILES, type ProducerSettings, type ProfileName } from '../settings/producer.ts'
export { type ProducerSchemas, readProducerConfig } from './configured-producer.ts'
export {
  type Delivered,
  DeliveryFailed,
  type DeliveryReport,
  deliveryText,
  type NotDelivered,
} from './delivery-report.ts'
export type { ProducerConfig } from './producer-config.ts'
export type { ProducerMetrics } from './producer-metrics.ts'
export { type PublishOptions, TelemetryProducer } from './telemetry-producer.ts'
