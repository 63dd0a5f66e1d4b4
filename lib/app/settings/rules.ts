import { setting, slice, text } from '#runtime/settings'

/** Setting for the folder with the alert rules. */
export const RULES = slice('Alert rules', {
  RULES_DIR: setting('folders.rules', text(/\S/, 'a folder'), {
    description: 'The folder with the [alert rules](../config/rules/README.md).',
    default: 'config/rules',
    setBy: 'deployment',
  }),
})
