import { setting, slice, text } from '#runtime/settings'

/** Settings for the folders with the statements of the tables, and their plan. */
export const VIEWS = slice('Tables', {
  VIEWS_DIR: setting('folders.views', text(/\S/, 'a folder'), {
    description: 'The folder with the statements of the [tables](../config/views/README.md), and their plan.',
    default: 'config/views',
    setBy: 'deployment',
  }),
  SENT_VIEWS_DIR: setting(text(/\S/, 'a folder'), {
    description:
      'Folder with the statements that were sent over port 8088, which follow those of `VIEWS_DIR`, and the plan of all.',
    otherwise: '`VIEWS_DIR`',
    setBy: 'runtime',
  }),
})
