import { list, setting, slice, text } from '#runtime/settings'

/** Settings of the failure policy. */
export const FAILURES = slice('Failures', {
  FAILURES_DIR: setting('folders.failures', text(/\S/, 'a folder'), {
    description: 'The folder with the [failure policy](../config/failures/README.md).',
    default: 'config/failures',
    setBy: 'deployment',
  }),
  FAILURE_CONSUMERS: setting(
    list(name => /^[\w-]+$/.test(name), 'names of consumers'),
    {
      description: 'The consumers that the failure policy may name.',
      otherwise: 'any name',
      setBy: 'deployment',
    },
  ),
})
