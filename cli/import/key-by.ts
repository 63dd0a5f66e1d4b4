/** Option `--key-by`. It selects how `sluice import` derives the record keys of the events that it writes. */

import { createKind, type Kind } from '#runtime/settings/index.ts'
import { type KeyStrategy, keyStrategyNamed } from '../../lib/telemetry/key.ts'

export const KEY_BY: Kind<KeyStrategy> = createKind(
  keyStrategyNamed,
  'instance, type, tenant, random, or the path of a field of the data, such as tags.room',
)
