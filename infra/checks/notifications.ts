import { readNotificationFiles } from '../../lib/notification/adapters/notification-files.ts'

/**
 * Every fault of the routes and receivers in a folder, with file and line.
 *
 * @param folder an absolute path
 * @param shown how messages name it
 */
export async function notificationProblems(folder: string, shown: string): Promise<string[]> {
  const { faults } = await readNotificationFiles(folder, shown)
  return faults.map(({ text }) => text)
}
