import { setting, slice } from '../../runtime/settings/slice.ts'
import { text } from '../../runtime/settings/values.ts'

/** Where the alert rules are. */
export const RULES = slice(
  'Alert rules',
  {
    RULES_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'The folder with the [alert rules](../rules/README.md). For a deployment it must be inside the project; its `*.yaml` and `*.yml` files are packed.',
      default: 'rules',
      setBy: 'deployment',
    }),
  },
  ({ RULES_DIR }) => ({ rulesDir: RULES_DIR }),
)
