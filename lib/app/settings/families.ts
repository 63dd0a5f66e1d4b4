import { setting, slice, text } from '#runtime/settings/index.ts'

/**
 * Setting for the folder of the families. Only programs and the build read it (`lib/telemetry/adapters/family-files.ts`): the bundles of the
 * functions contain the families.
 */
export const FAMILY_FILES = slice(
  'Families of readings',
  {
    FAMILIES_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'The folder with the [families of readings](../config/families/README.md), relative to the project. Functions are built with its content.',
      default: 'config/families',
      setBy: 'machine',
    }),
  },
  ({ FAMILIES_DIR }) => ({ familiesDir: FAMILIES_DIR }),
)
