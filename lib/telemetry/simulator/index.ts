/** Simulated fleets and their settings, for commands, the control plane and the local cloud. Pure. */

export {
  DEFAULT_FAMILY,
  type FleetGroup,
  listSimulated,
  listSimulatedMetrics,
  MAX_SENSORS,
  MODELLED,
  metricNamed,
  type Sensor,
  type SimulatedFamily,
} from './fleet.ts'
export { GENERATOR_DEFAULTS, type GeneratorSettings, timeOfTick } from './settings.ts'
export { SITES } from './sites.ts'
