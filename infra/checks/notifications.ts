import { readNotificationFiles } from '../../lib/notification/adapters/notification-files.ts'

/**
 * Every error of the routes and receivers in a folder, with file and line.
 *
 * @param folder an absolute path
 * @param shown how messages name it
 */
export async function notificationProblems(folder: string, shown: string): Promise<string[]> {
  const { errors } = await readNotificationFiles(folder, shown)
  return errors.map(({ text }) => text)
}
