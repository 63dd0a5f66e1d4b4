/** All settings, grouped into slices by capability: for functions, commands, deployments and the local cloud. A function's bundle contains only the slices that it uses. */

export {
  CLOCK,
  type CombinedParts,
  type Environment,
  KAFKA,
  LOGGING,
  PRODUCER,
  REDIS,
  REGISTRY,
  readSetting,
  readSettings,
  SERIALIZATION,
} from '#runtime/settings'
export { CONSUMER } from './consumer.ts'
export { FAILURES } from './failures.ts'
export { FAMILIES, FAMILY_FILES } from './families.ts'
export { GENERAL } from './general.ts'
export { GENERATOR } from './generator.ts'
export { HISTORY } from './history.ts'
export { INPUTS, ONE_MACHINE } from './inputs.ts'
export { LOCAL_PORTS } from './local-ports.ts'
export { NAMES } from './names.ts'
export { NOTIFICATIONS } from './notifications.ts'
export { PARTITION_KEY } from './partition-key.ts'
export { ALERTS_TOPIC, RECEIVERS } from './receivers.ts'
export { REMOVED } from './removed.ts'
export { RULES } from './rules.ts'
export { SAVED_FILES } from './saved-files.ts'
export { STORAGE } from './storage.ts'
export { VIEWS } from './views.ts'
