import { setting, slice, text } from '#runtime/settings'

/** Setting for the folder with the notification routes. */
export const NOTIFICATIONS = slice('Notifications', {
  NOTIFICATIONS_DIR: setting('folders.notifications', text(/\S/, 'a folder'), {
    description: 'The folder with the [notification routes](../config/notifications/README.md).',
    default: 'config/notifications',
    setBy: 'deployment',
  }),
})
