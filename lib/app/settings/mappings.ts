import { setting, slice } from '../../../packages/runtime/settings/slice.ts'
import { list, text } from '../../../packages/runtime/settings/values.ts'

export interface MappingSettings {
  readonly mappingsDir: string
  /** Names of the mappings, in the order in which they are tried. */
  readonly mappings: readonly string[]
}

/** Settings of the mappings for foreign records. */
export const MAPPINGS = slice(
  'Mappings',
  {
    MAPPINGS: setting(
      list(name => /^[\w-]+$/.test(name), 'names of mappings'),
      {
        description:
          'The [mappings](../config/mappings/README.md) with which the function reads foreign records, from its entry.',
        otherwise: 'none',
        setBy: 'deployment',
      },
    ),
    MAPPINGS_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'The folder with the [mappings](../config/mappings/README.md). For a deployment, it must be inside the project.',
      default: 'config/mappings',
      setBy: 'deployment',
    }),
  },
  ({ MAPPINGS: mappings = [], MAPPINGS_DIR }): MappingSettings => ({ mappings, mappingsDir: MAPPINGS_DIR }),
)
