import { setting, slice, text } from '#runtime/settings/index.ts'

interface ConsoleSettings {
  /** Name of the secret with the access tokens; absent on a local machine. */
  readonly consoleSecret?: string
}

/** Settings for access to a deployed console. */
export const CONSOLE = slice(
  'Console',
  {
    CONSOLE_SECRET: setting(text(/\S/, 'the name of a secret'), {
      description: 'The secret with the [tokens](console.md#in-an-account) of the users of the console.',
      setBy: 'deployment',
    }),
  },
  ({ CONSOLE_SECRET }): ConsoleSettings => ({ ...(CONSOLE_SECRET ? { consoleSecret: CONSOLE_SECRET } : {}) }),
)
