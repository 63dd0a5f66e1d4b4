import { setting, slice, text } from '#runtime/settings/index.ts'

/** Setting for the folder with the plan of the tables. */
export const VIEWS = slice('Tables', {
  VIEWS_DIR: setting('folders.views', text(/\S/, 'a folder'), {
    description: 'The folder with the statements of the [tables](../config/views/README.md), and their plan.',
    default: 'config/views',
    setBy: 'deployment',
  }),
})
