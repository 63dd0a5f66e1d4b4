import { setting, slice, text } from '#runtime/settings/index.ts'

/** Settings for access to a deployed console. A local one needs no secret. */
export const CONSOLE = slice('Console', {
  CONSOLE_SECRET: setting('console.secret', text(/\S/, 'the name of a secret'), {
    description: 'The secret with the [tokens](console.md#in-an-account) of the users of the console.',
    setBy: 'deployment',
  }),
})
