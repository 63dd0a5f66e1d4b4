import { setting, slice } from '../../runtime/settings/slice.ts'
import { text } from '../../runtime/settings/values.ts'

/** Where it says who is told of alerts. */
export const NOTIFICATIONS = slice(
  'Notifications',
  {
    NOTIFICATIONS_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'The folder that says [who is told of alerts](../notifications/README.md). For a deployment it must be inside the project; its `*.yaml` and `*.yml` files are packed.',
      default: 'notifications',
      setBy: 'deployment',
    }),
  },
  ({ NOTIFICATIONS_DIR }) => ({ notificationsDir: NOTIFICATIONS_DIR }),
)
