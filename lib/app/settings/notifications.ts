import { setting, slice } from '../../../packages/runtime/settings/slice.ts'
import { text } from '../../../packages/runtime/settings/values.ts'

/** Location of the notification routes. */
export const NOTIFICATIONS = slice(
  'Notifications',
  {
    NOTIFICATIONS_DIR: setting(text(/\S/, 'a folder'), {
      description:
        'Folder of the [notification routes](../config/notifications/README.md). For a deployment it must be inside the project; its `*.yaml` and `*.yml` files are packed.',
      default: 'config/notifications',
      setBy: 'deployment',
    }),
  },
  ({ NOTIFICATIONS_DIR }) => ({ notificationsDir: NOTIFICATIONS_DIR }),
)
