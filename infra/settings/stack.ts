import { setting, slice } from '../../packages/runtime/settings/slice.ts'
import { text } from '../../packages/runtime/settings/values.ts'

/** Setting that names the long-lived stack. The stack's outputs are used for settings that are not set. */
export const STACK = slice(
  'Long-lived stack of a deployment',
  {
    INFRA_STACK: setting(
      text(
        /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
        'the name of a stack: a letter, and up to 127 letters, digits and "-"',
      ),
      {
        description:
          'Name of the [long-lived stack](infrastructure.md) in the region of the deployment. Its outputs replace variables that are not set.',
        otherwise: 'no outputs are used',
      },
    ),
  },
  ({ INFRA_STACK }) => ({ stack: INFRA_STACK }),
)
