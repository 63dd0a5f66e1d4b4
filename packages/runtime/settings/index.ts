/** Settings: their kinds, the slices of the engine, and how they are read. The application imports this room through this file. */
export { CLOCK } from './clock.ts'
export { ConfigError, errorLines } from './config-error.ts'
export { consumerSettings } from './consumer.ts'
export { ENVIRONMENT_NAME, type GeneralSettings, generalSettings, LOGGING } from './general.ts'
export { BROKERS, KAFKA, type KafkaSettings, MSK_CLUSTER } from './kafka.ts'
export { PRODUCER, PROFILES, type ProfileName } from './producer.ts'
export { type CombinedParts, readSetting, readSettings } from './read-settings.ts'
export { REDIS } from './redis.ts'
export { REGISTRY, REGISTRY_ADDRESS, type RegistrySettings } from './registry.ts'
export { SERIALIZATION, SERIALIZATION_KIND } from './serialization.ts'
export {
  type Documented,
  type Environment,
  type Setting,
  type Slice,
  setting,
  slice,
} from './slice.ts'
export { TRACING } from './tracing.ts'
export {
  createKind,
  decimal,
  either,
  httpAddress,
  instant,
  type Kind,
  list,
  mapKind,
  oneOf,
  onOff,
  port,
  positiveDecimal,
  text,
  wholeNumber,
} from './value-kinds.ts'
