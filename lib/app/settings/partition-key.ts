import { setting, slice } from '../../../packages/runtime/settings/slice.ts'
import { text } from '../../../packages/runtime/settings/values.ts'
import { FAMILIES } from '../../telemetry/families.ts'
import type { KeyStrategy } from '../../telemetry/key.ts'
import type { GeneratorSettings } from '../../telemetry/simulator/settings.ts'

export interface PartitionKeySettings {
  /** Key strategy of readings; if absent, that of their family applies. */
  readonly keyBy?: KeyStrategy
}

/** Setting for the record keys that `generator`, `sluice replay` and `sluice publish` write. */
export const PARTITION_KEY = slice(
  'Record keys',
  {
    PARTITION_KEY_FIELD: setting(
      text(/^[^\s.]+(\.[^\s.]+)*$/, 'the path of a field of the data, such as location.site'),
      {
        description:
          'The field whose value is the [record key](readings.md#record-keys) of readings that `generator`, `replay` and `publish` write.',
        otherwise: 'the key of the family',
      },
    ),
  },
  ({ PARTITION_KEY_FIELD: field }): PartitionKeySettings =>
    // Readings of several families can be mixed: a reading without the field keeps the key of its family.
    field === undefined ? {} : { keyBy: { field: field.replace(/^data\./, ''), isOptional: true } },
)

/** Returns the settings of the generator with this key strategy for families without one. */
export function keyedBy(settings: GeneratorSettings, keyBy: KeyStrategy | undefined): GeneratorSettings {
  if (keyBy === undefined) return settings
  const all = Object.keys(FAMILIES).map(family => [family, keyBy] as const)
  return { ...settings, keyStrategy: { ...Object.fromEntries(all), ...settings.keyStrategy } }
}
