import { setting, slice } from '../../../packages/runtime/settings/slice.ts'
import { text } from '../../../packages/runtime/settings/values.ts'

/** Where it says who is told of alerts. */
export const NOTIFICATIONS = slice(
  'Notifications',
  {
    NOTIFICATIONS_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'The folder that says [who is told of alerts](../config/notifications/README.md). For a deployment it must be inside the project; its `*.yaml` and `*.yml` files are packed.',
      default: 'config/notifications',
      setBy: 'deployment',
    }),
  },
  ({ NOTIFICATIONS_DIR }) => ({ notificationsDir: NOTIFICATIONS_DIR }),
)
