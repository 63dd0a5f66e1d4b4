/** `@sluice/runtime/lambda`: handlers for AWS Lambda, with their settings from the environment. */

export { ConfigError } from '../settings/config-error.ts'
export { type Setting, type Slice, setting, slice } from '../settings/slice.ts'
export { httpAddress, type Kind, list, oneOf, text, wholeNumber } from '../settings/value-kinds.ts'
export { clockHandler } from './clock-handler.ts'
export { forwarderHandler } from './forwarder-handler.ts'
export type { ForwarderSource } from './forwarder-source.ts'
export type {
  Choices,
  InvocationContext,
  KafkaHandler,
  ScheduledHandler,
  WorkSource,
} from './handler-types.ts'
export { kafkaHandler } from './kafka-handler.ts'
