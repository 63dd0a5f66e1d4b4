import { setting, slice, text } from '#runtime/settings/index.ts'
import type { KeyStrategy } from '../../telemetry/key.ts'

export interface PartitionKeySettings {
  /** Key strategy of readings. If absent, each family's own strategy applies. */
  readonly keyBy?: KeyStrategy
}

/** Setting that selects the record keys which `generator`, `sluice replay` and `sluice publish` write. */
export const PARTITION_KEY = slice(
  'Record keys',
  {
    PARTITION_KEY_FIELD: setting(
      text(/^[^\s.]+(\.[^\s.]+)*$/, 'the path of a field of the data, such as tags.room'),
      {
        description:
          'The field whose value is the [record key](readings.md#record-keys) of readings that `generator`, `replay` and `publish` write.',
        otherwise: 'the key of the family',
      },
    ),
  },
  ({ PARTITION_KEY_FIELD: field }): PartitionKeySettings =>
    // Readings of several families can be mixed. A reading without this field gets the default key of its family.
    field === undefined ? {} : { keyBy: { field: field.replace(/^data\./, ''), isOptional: true } },
)
