import { createKind, KAFKA, setting, slice, text } from '#runtime/settings'
import { isTimeZone, ZONE_FORM } from '../../support/time-zones.ts'

export interface InputSettings {
  readonly inputsFile: string
  readonly mappingsDir: string
  /** Zone of times in records that name none, and whose mapping has no `timeZone`. */
  readonly timeZone: string
}

const ZONE = createKind(zone => (isTimeZone(zone) ? zone : undefined), ZONE_FORM)

/** Settings of the topics of other applications. */
export const INPUTS = slice(
  'Inputs',
  {
    INPUTS_FILE: setting('folders.inputs', text(/\S/, 'a file'), {
      description: 'The file with the [inputs](inputs.md): topics of other applications.',
      default: 'config/inputs.yaml',
      setBy: 'deployment',
    }),
    MAPPINGS_DIR: setting('folders.mappings', text(/\S/, 'a folder'), {
      description: 'The folder with the [mappings](../config/mappings/README.md).',
      default: 'config/mappings',
      setBy: 'deployment',
    }),
    TIME_ZONE: setting('inputs.time_zone', ZONE, {
      description: 'Time zone of times without a zone, if the mapping has no `timeZone`.',
      default: 'UTC',
      setBy: 'machine',
    }),
  },
  (settings): InputSettings => ({
    inputsFile: settings.INPUTS_FILE,
    mappingsDir: settings.MAPPINGS_DIR,
    timeZone: settings.TIME_ZONE,
  }),
)

/** Reads only whether all servers are on one machine, for programs that need no address of Kafka. */
export const ONE_MACHINE = slice(
  'Kafka',
  { SLUICE_ONE_MACHINE: KAFKA.settings.SLUICE_ONE_MACHINE },
  ({ SLUICE_ONE_MACHINE }) => ({ isOneMachine: SLUICE_ONE_MACHINE }),
)
