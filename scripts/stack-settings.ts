/** Settings of local stacks. They are defined in this folder because the generated page of settings contains them. */
import { setting, slice, text } from '#runtime/settings'
import { DEFAULT_STACK, STACK_NAME } from './running-stacks.ts'

/** Settings of `npm start` and `npm run services`. */
export const LOCAL_CLOUD = slice(
  'Local cloud',
  {
    SLUICE_STACK: setting(STACK_NAME, {
      description: 'Name of the stack, like the option `--name`.',
      default: DEFAULT_STACK,
    }),
    SLUICE_DATA_DIR: setting(text(/\S/, 'a folder'), {
      description: 'Folder for data and logs.',
      otherwise: '`.local`',
    }),
    SLUICE_BUNDLES: setting(text(/\S/, 'a folder'), {
      description:
        'Folder of functions that are already built, as in [the image](containers.md), and are not reloaded.',
    }),
    SLUICE_WATCH: setting(text(/^/, '"off"; any other value means on'), {
      description:
        'Whether saved files are [reloaded](local-and-cloud.md#editing-while-it-runs), like the option `--no-watch`.',
    }),
  },
  ({ SLUICE_STACK, SLUICE_DATA_DIR }) => ({
    stack: SLUICE_STACK,
    dataDir: SLUICE_DATA_DIR,
  }),
)
