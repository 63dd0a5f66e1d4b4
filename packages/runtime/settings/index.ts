/** For functions and programs that read settings: their kinds, the slices of the engine, and how they are read. */
export { CLOCK } from './clock.ts'
export { ConfigError } from './config-error.ts'
export { consumerSettings } from './consumer.ts'
export { ENVIRONMENT_NAME, type GeneralSettings, generalSettings } from './general.ts'
export { KAFKA, type KafkaSettings } from './kafka.ts'
export { LOGGING } from './logging.ts'
export { PROFILES, type ProfileName } from './producer.ts'
export { chooseProfile, PRODUCER } from './producer-variables.ts'
export { type CombinedParts, listSettings, readSetting, readSettings } from './read-settings.ts'
export { REDIS } from './redis.ts'
export { REGISTRY, type RegistrySettings } from './registry.ts'
export { SERIALIZATION } from './serialization.ts'
export { withoutServiceLinks } from './service-links.ts'
export { readContent } from './settings-content.ts'
export {
  type Environment,
  type Setting,
  type Slice,
  setting,
  slice,
} from './slice.ts'
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
