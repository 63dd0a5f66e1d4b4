import { createKind, setting, slice } from '#runtime/settings'
import { type KeyStrategy, keyStrategyNamed } from '../../telemetry/key.ts'

export interface PartitionKeySettings {
  /** Key strategy of readings. If absent, each family's own strategy applies. */
  readonly keyBy?: KeyStrategy
}

/** Setting that selects the record keys of `intake`, `generator`, `sluice generate`, `sluice replay` and `sluice publish`. */
export const PARTITION_KEY = slice(
  'Record keys',
  {
    PARTITION_KEY_FIELD: setting(
      'producer.partition_key_field',
      createKind(
        keyStrategyNamed,
        'instance, type, tenant, random, or the path of a field of the data, such as tags.room',
      ),
      {
        description:
          'The field with the [record key](readings.md#record-keys) of readings that `intake`, `generator`, `generate`, `replay` and `publish` write, or a strategy.',
        otherwise: 'the key of the family',
      },
    ),
  },
  ({ PARTITION_KEY_FIELD: keyBy }): PartitionKeySettings => (keyBy === undefined ? {} : { keyBy }),
)
