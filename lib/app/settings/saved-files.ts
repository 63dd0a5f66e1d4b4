import { setting, slice, text } from '#runtime/settings'

/** Setting with which `npm start` lets its functions, its console and commands share the list of saved files that are not in force. */
export const SAVED_FILES = slice(
  'Saved files',
  {
    SLUICE_SAVED_FILES: setting(text(/\S/, 'a file'), {
      description: 'File with the saved files that are not in force. `npm start` sets it.',
      setBy: 'runtime',
    }),
  },
  ({ SLUICE_SAVED_FILES }) => ({ savedFiles: SLUICE_SAVED_FILES }),
)
