import { setting, slice } from '../../../packages/runtime/settings/slice.ts'
import { list, text } from '../../../packages/runtime/settings/values.ts'

/** Which failures are tried again. */
export const FAILURES = slice(
  'Failures',
  {
    FAILURES_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'The folder with the [policy of retries](../config/failures/README.md); for a deployment, inside the project.',
      default: 'config/failures',
      setBy: 'deployment',
    }),
    FAILURE_CONSUMERS: setting(
      list(name => /^[\w-]+$/.test(name), 'names of consumers'),
      {
        description: 'The consumers that the policy of failures may name.',
        otherwise: 'any name',
        setBy: 'deployment',
      },
    ),
  },
  ({ FAILURES_DIR, FAILURE_CONSUMERS }) => ({
    failuresDir: FAILURES_DIR,
    ...(FAILURE_CONSUMERS ? { failureConsumers: FAILURE_CONSUMERS } : {}),
  }),
)
