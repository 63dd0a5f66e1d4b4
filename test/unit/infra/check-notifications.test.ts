/** Errors of the files of notifications, as the start, a save and the package list them: test/goldens/files has the folders. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { findNotificationErrors } from '../../../infra/checks/check-notifications.ts'
import { GOLDENS, golden } from '../../support/golden.ts'

it('given folders of receivers and routes, then each error has its file, line and key', async () => {
  const files = join(GOLDENS, 'files')
  const wrong = readdirSync(join(files, 'receivers')).map(name => `receivers/${name}`)
  const lines: Record<string, string> = {}
  for (const folder of ['n', 'wrong', 'unknown', 'none', ...wrong.sort()])
    lines[folder] = (await findNotificationErrors(join(files, folder), folder)).join('\n')
  golden('notification-files', lines)
})
